// The jars of a Kafka broker, fetched once by Maven (local/pom.xml) into the user's cache, and the java to run them.
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageFault } from '../schemas/failure.ts'
import { cacheFolder, fillOnce } from './folders.ts'
import type { OnLocalProgress } from './progress.ts'
import { runTool, runToolOrFail } from './tool.ts'

const POM = join(import.meta.dirname, 'pom.xml')
const INSTEAD = 'or set KAFKA_BROKERS=host:port to use a Kafka that runs already'

/** The java command: JAVA_HOME's, else the one on the path. Throws UsageFault if it is missing or older than 17. */
export async function findJava(signal?: AbortSignal): Promise<string> {
  const home = process.env.JAVA_HOME
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java')
  const run = await runTool(java, ['-version'], { signal })
  if (run?.code !== 0) {
    const place = java === 'java' ? 'there is no java on the PATH' : `JAVA_HOME has no working ${java}`
    throw new UsageFault(
      `The local Kafka needs Java 17 or newer, but ${place}: install it (Debian, Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17), ${INSTEAD}.`,
    )
  }
  const version = /version "(?:1\.)?(\d+)/.exec(run.lines.join('\n'))
  if (version !== null && Number(version[1]) < 17) {
    throw new UsageFault(
      `The local Kafka needs Java 17 or newer, but ${java} is Java ${version[1] ?? ''}: install a newer one or point JAVA_HOME to it, ${INSTEAD}.`,
    )
  }
  return java
}

/**
 * The folder with the broker's jars. Fetched on first use (about 45 MB); the folder's name has the hash of the
 * pom, so a changed list is a new folder. Throws UsageFault without Maven, Failure `kafka-download` if it fails.
 */
export async function kafkaJars(options: {
  onProgress?: OnLocalProgress | undefined
  signal?: AbortSignal | undefined
}): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12)
  const folder = join(cacheFolder(), `kafka-${hash}`)
  const found = await stat(folder).catch(() => null)
  if (found?.isDirectory() === true) return folder
  await fillOnce(folder, async (beside) => {
    let files = 0
    const onLine = (line: string): void => {
      if (!/Downloaded from|Copying /.test(line)) return
      files += 1
      options.onProgress?.({
        service: 'kafka',
        step: 'download',
        what: 'Kafka',
        done: files,
        total: null,
        unit: 'files',
      })
    }
    options.onProgress?.({ service: 'kafka', step: 'download', what: 'Kafka', done: 0, total: null, unit: 'files' })
    const words = ['-B', '--strict-checksums', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${beside}`]
    const run = await runToolOrFail('kafka-download', 'mvn', words, { onLine, signal: options.signal })
    if (run === null) {
      throw new UsageFault(
        `The local Kafka is fetched by Maven, but there is no mvn on the PATH: install it (Debian, Ubuntu: apt install maven; macOS: brew install maven), ${INSTEAD}.`,
      )
    }
  })
  return folder
}
