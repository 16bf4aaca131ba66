// A disk of a few megabytes for a scenario: a tmpfs over a folder, filled and emptied at will. Needs the right to mount.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SmallDisk {
  /** Leaves so many bytes free. */
  fill(free: number): void
  /** Makes room again. */
  empty(): void
  unmount(): void
}

/** Why no small disk can be had here; null where it can. */
export function whyNoSmallDisk(): string | null {
  if (process.platform !== 'linux') return 'a small disk is a tmpfs, which only Linux has'
  return process.getuid?.() === 0 ? null : 'a small disk has to be mounted, which needs root'
}

/** Puts a disk of so many bytes over a folder; what is in it stays. */
export function smallDisk(folder: string, bytes: number): SmallDisk {
  mkdirSync(folder, { recursive: true })
  const beside = `${folder}.before`
  cpSync(folder, beside, { recursive: true, preserveTimestamps: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'magpie-small', folder], {
    encoding: 'utf8',
  })
  if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`)
  cpSync(beside, folder, { recursive: true, preserveTimestamps: true })
  rmSync(beside, { recursive: true })
  const fillers: string[] = []
  return {
    fill(free) {
      const { bavail, bsize } = statfsSync(folder)
      const file = join(folder, `filler-${fillers.length}`)
      fillers.push(file)
      try {
        writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - free)))
      } catch (error) {
        // Others write too: it is as full as can be.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    empty() {
      for (const file of fillers.splice(0)) rmSync(file)
    },
    unmount() {
      spawnSync('umount', ['-l', folder])
    },
  }
}
