// The page: runs, what became of their problems, and SQL. Text of models is put in as text (preact escapes it). The token,
// where the dashboard asks for one, comes behind the # of the address, which no server and no log ever sees.

import { html, render, useEffect, useState } from '/preact.js'

const LOOK_AGAIN_MS = 5000
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? sessionStorage.getItem('token')
if (token !== null) {
  sessionStorage.setItem('token', token)
  history.replaceState(null, '', location.pathname + location.search)
}

async function ask(path, body) {
  const response = await fetch(path, {
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (response.status === 401) throw new Error('This dashboard needs its token: open it as http://HOST:PORT/#token=…')
  if (!response.ok) throw new Error(answer.error ?? `${response.status}`)
  return answer
}

const number = new Intl.NumberFormat('en')
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })
const time = (text) => text.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
const shown = (value) =>
  typeof value === 'number'
    ? number.format(value)
    : value === null
      ? '–'
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)

/** columns: [heading, value of a row, extra cell?]. */
function Table({ columns, rows, empty }) {
  if (rows.length === 0) return html`<p class="faint">${empty}</p>`
  const kind = (value) => (typeof value === 'number' ? 'number' : '')
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${columns.map(([name, of]) => html`<th class=${kind(of(rows[0]))}>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map(([, of, view]) => html`<td class=${kind(of(row))}>${view ? view(of(row)) : shown(of(row))}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

const share = (value) => html`<meter min="0" max="1" value=${value}></meter> ${percent.format(value)}`

function Report({ report }) {
  const { run, ends, rows, funnel, reasons, deadLetters, cost, verdicts, rewards, rates } = report
  return html`
    <p>
      ${run.state ?? 'no state'} · begun ${time(run.startedAt)} · newest row ${time(run.lastAt)}<br />
      ${shown(rows.sft)} SFT and ${shown(rows.preferences)} preference rows from ${shown(ends.accepted)} problems;
      ${' '}${shown(ends.rejected)} refused, ${shown(ends.deadLetters)} dead letters, ${shown(ends.open)} on their way ·
      ${' '}${shown(Math.round(rates.acceptedPerHour))} accepted an hour
    </p>
    <div class="columns">
      <section>
        <h2>How far problems got</h2>
        <${Table}
          rows=${funnel}
          empty="No problem yet."
          columns=${[
            ['step', (row) => row.step],
            ['problems', (row) => row.problems],
            ['share', (row) => row.share, share],
          ]}
        />
      </section>
      <section>
        <h2>Why the others did not</h2>
        <${Table}
          rows=${reasons}
          empty="Nothing was refused."
          columns=${[
            ['stage', (row) => row.stage],
            ['reason', (row) => row.reason],
            ['problems', (row) => row.problems],
            ['share', (row) => row.share, share],
          ]}
        />
      </section>
      <section>
        <h2>Verdicts</h2>
        <${Table}
          rows=${verdicts}
          empty="No verdict yet."
          columns=${[
            ['verdict', (row) => row.verdict],
            ['responses', (row) => row.responses],
            ['share', (row) => row.share, share],
          ]}
        />
      </section>
    </div>
    <h2>Rewards</h2>
    <${Table}
      rows=${rewards}
      empty="No reward yet."
      columns=${
        rewards.length === 0
          ? []
          : Object.keys(rewards[0])
              .filter((name) => typeof rewards[0][name] !== 'object')
              .map((name) => [name, (row) => row[name]])
      }
    />
    <h2>Models</h2>
    <${Table}
      rows=${cost}
      empty="No call yet."
      columns=${[
        ['role', (row) => row.role],
        ['model', (row) => row.model],
        ['calls', (row) => row.calls],
        ['retries', (row) => row.retries],
        ['prompt tokens', (row) => row.promptTokens],
        ['completion tokens', (row) => row.completionTokens],
        ['seconds', (row) => Math.round(row.seconds)],
        ['US dollars', (row) => row.usd],
      ]}
    />
    <h2>Dead letters</h2>
    <${Table}
      rows=${deadLetters}
      empty="None."
      columns=${[
        ['stage', (row) => row.stage],
        ['code', (row) => row.code],
        ['letters', (row) => row.count],
        ['redriven', (row) => row.redriven],
        ['example', (row) => row.example],
      ]}
    />
  `
}

function Sql() {
  const [query, setQuery] = useState(
    'SELECT instruction, response, reward FROM sft FINAL ORDER BY created_at DESC LIMIT 5',
  )
  const [answer, setAnswer] = useState(null)
  const [fault, setFault] = useState(null)
  const send = () =>
    ask('/api/sql', { query }).then(
      (given) => (setFault(null), setAnswer(given)),
      (error) => setFault(error.message),
    )
  return html`<section>
    <h2>SQL (reading only)</h2>
    <textarea
      aria-label="SQL"
      spellcheck="false"
      value=${query}
      onInput=${(event) => setQuery(event.target.value)}
    ></textarea>
    <p><button onClick=${send}>Ask</button></p>
    ${fault !== null && html`<p class="fault" role="alert">${fault}</p>`}
    ${answer !== null && html`<${Table} rows=${answer.rows} empty="No row." columns=${answer.columns.map((name, at) => [name, (row) => row[at]])} />`}
  </section>`
}

function Page() {
  const [runs, setRuns] = useState([])
  const [chosen, setChosen] = useState(null)
  const [report, setReport] = useState(null)
  const [fault, setFault] = useState(null)
  const look = async () => {
    const found = (await ask('/api/runs')).runs
    setRuns(found)
    const run = found.find(({ id }) => id === chosen) ?? found[0]
    setReport(
      run === undefined
        ? null
        : await ask(`/api/report?${new URLSearchParams({ run: run.run, revision: run.revision })}`),
    )
    setFault(null)
    return found.some(({ state }) => state === 'running' || state === 'draining')
  }
  useEffect(() => {
    let timer = null
    let isGone = false
    // A run that has ended is looked at once: between two runs nobody should hold the database.
    const again = () =>
      look()
        .catch((error) => (setFault(error.message), true))
        .then((isLive) => {
          if (isLive && !isGone) timer = setTimeout(again, LOOK_AGAIN_MS)
        })
    void again()
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [chosen])
  return html`
    <header>
      <h1>Magpie Reasoning</h1>
      ${
        runs.length > 0 &&
        html`<label
          >Run
          <select onChange=${(event) => setChosen(event.target.value)}>
            ${runs.map(({ id, run, revision, state }) => html`<option value=${id}>${run}${revision === 'main' ? '' : ` · ${revision}`} (${state})</option>`)}
          </select></label
        >`
      }
      <button onClick=${() => look().catch((error) => setFault(error.message))}>Look again</button>
    </header>
    ${fault !== null && html`<p class="fault" role="alert">${fault}</p>`}
    ${report === null ? fault === null && html`<p class="faint">No run yet: ./magpie run -c configs/simulated.yaml</p>` : html`<${Report} report=${report} />`}
    <${Sql} />
  `
}

render(html`<${Page} />`, document.getElementById('page'))
