// What a run says, in Japanese.

import type { Messages } from './contract.ts'
import { dollars, hours } from './money.ts'

const count = (value: number): string => value.toLocaleString('ja-JP')

const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (hours > 0) return `${count(hours)}時間${minutes}分`
  return minutes > 0 ? `${minutes}分${rest}秒` : `${rest}秒`
}

const BUDGET_OPTIONS = { usd: '--budget-usd', tokens: '--budget-tokens', hours: '--max-hours' } as const

const amount = (name: 'usd' | 'tokens' | 'hours', value: number): string => {
  if (name === 'usd') return dollars(value)
  return name === 'tokens' ? `${count(value)} トークン` : `${hours(value)} 時間`
}

const services = { kafka: 'Kafka', model: '小型モデル', clickhouse: 'ClickHouse' } as const

const outOf = (value: number, total: number | null): string =>
  total === null ? count(value) : `${count(value)} / ${count(total)}`

export const ja: Messages = {
  language: 'ja',
  parts: {
    produce: '問題生成',
    screen: '選別',
    tag: 'タグ付け',
    answer: '解答',
    sample: 'サンプリング',
    verify: '検証',
    judge: '判定',
    reward: '報酬',
    converse: '対話継続',
    curate: '採用判定',
    clickhouse: 'ClickHouse への書き込み',
    json: 'JSON への書き込み',
  },
  services,

  serviceStarting: (service) => `${services[service]}を起動しています…`,
  serviceReady: (service, place, seconds) => `${services[service]}の準備ができました: ${place}(${duration(seconds)})`,
  step: ({ what, done, total, unit }) => {
    const shown = (value: number): string => (unit === 'bytes' ? `${(value / 1e6).toFixed(1)} MB` : count(value))
    return total === null ? `${what}: ${shown(done)}` : `${what}: ${shown(done)} / ${shown(total)}`
  },
  installing: (what) => `${what} をインストールしています(初回のみ)…`,
  serviceStartedElsewhere: (service, pid) =>
    `プロセス ${pid} が${services[service]}を起動中または確認中です。完了を待っています…`,
  portMoved: (service, from, to) =>
    `${services[service]}のポート ${from} は他のプログラムが使用中のため、${to} を使います。`,
  waitingForLeader: (run) => `実行 ${run} はまだ開始されていません。問題を作るプロセスを待っています…`,
  kafkaSilent: (brokers, why) => `Kafka（${brokers}）が応答しません（${why}）。待っています…`,
  waitingForReplay: (run, revision, revisions) =>
    `実行 ${run} のリビジョン ${revision} はまだ開始されていません（あるもの：${revisions.join('、')}）。開始するプロセスを待っています…`,
  configChanged: (settings) =>
    `この実行の前回の起動時から設定が変わっています(${settings.join('、')})。処理済みの分は以前の設定のまま、残りは新しい設定で処理します。`,
  configChangedFor: (part, { settings, done, left, isExact }) => {
    const about = isExact ? '' : '約 '
    const rest = left === null ? '残りは新しい設定' : `新しい設定の対象は${about}${count(left)} 問`
    return `  ${ja.parts[part]}(${settings.join('、')}): 以前の設定で処理済みが${about}${count(done)} 問、${rest}`
  },
  endpointsChanged: (urls) => `変更された設定のモデルサーバー: ${urls.join('、')}`,
  settingsWait: (settings) => `設定のほかの変更は次回の起動時に反映されます: ${settings.join('、')}`,
  configRefused: (faults) => `変更された設定は読み込めないため、これまでの設定で続けます:\n${faults.join('\n')}`,
  joined: (run) => `実行 ${run} に参加しました。実行が終わるか、このプロセスが停止されるまで処理します。`,
  left: (run) =>
    `このプロセスは実行 ${run} から離れました。データは失われていません。残りはほかのプロセスが処理します。同じコマンドで再び参加できます。`,
  partsHere: (parts) => `このプロセスが担当する部分: ${parts.join('、')}`,
  started: (run, total, rows) =>
    rows.length > 0
      ? `実行 ${run}: ${rows.join('と')}が採用されるまで問題を生成します${total === null ? '' : `(最大 ${count(total)} 問)`}`
      : total === null
        ? `実行 ${run}: 停止されるまで問題を生成します`
        : `実行 ${run}: 目標は ${count(total)} 問です`,
  importing: (run, file) => `実行 ${run}: ${file} から問題を読み込みます`,
  resumed: (run, made, total) =>
    `実行 ${run} を前回の続きから再開します: ${total === null ? `${count(made)} 問` : `${count(total)} 問中 ${count(made)} 問`}が作成済みです`,
  finishedAlready: (run) =>
    `実行 ${run} はすでに完了しています（再送されたデッドレターは処理されます）。新しく始めるには --run NAME を、追加するには --total N か --accept N を指定してください。`,

  replaying: (run, topic, of, chosen) =>
    `リプレイ ${run}: トピック ${topic}（リビジョン ${of}）の対象範囲にある${chosen === null ? '問題' : `、選ばれた ${count(chosen)} 問のうち該当するもの`}を処理し直します。既存のデータは変更しません。`,
  sharing: (share) =>
    `別の実行が動作中のため、このリプレイは各エンジンのスロットの最大 ${share} を使います（変更は --share F）。`,
  sharingNoMore: 'ほかに動作中の実行がなくなったため、このリプレイは各エンジンのスロットをすべて使います。',
  behind: (priority) =>
    `優先度でスケジューリングするモデルサーバーでは、このリプレイの呼び出しは実行の呼び出しの後に処理されます（優先度 ${priority}、変更は --priority N）。`,
  replayResumed: (run, isWhole) =>
    isWhole
      ? `リプレイ ${run} はすでに完了しています（再送されたデッドレターは処理されます）。新しく始めるには --revision NAME を指定してください。`
      : `リプレイ ${run} を停止した所から再開します。`,

  smallerTotal: (run, made, total) =>
    `実行 ${run} にはすでに ${count(made)} 問あり、目標の ${count(total)} 問を超えています。新しい問題は作らず、既存の問題も削除しません。処理中の分は最後まで処理します。少ない件数のデータセットには --accept N を指定してください。`,

  probing: (run, problems) =>
    `実行 ${run} の見積もり: ${count(problems)} 問を全工程に通します。実行そのものには影響しません。`,
  probed: (tokens, usd, seconds) =>
    `試行にかかった時間は${duration(seconds)}、使用量は ${count(tokens)} トークン${usd === null ? '' : `(${dollars(usd)})`}です。`,
  probeRemoved: '試行でログに残ったものを削除しました。',
  producing: (made, total) => `問題を生成しています: ${count(made)}${total === null ? '' : ` / ${count(total)}`} 問`,
  endpointWaiting: (url, reason) =>
    `モデルサーバー ${url} の応答を待っています(${reason})。データは失われません。復旧しだい再開します。`,
  engine: (url, inFlight, limit, reason) => `${url}  実行中 ${inFlight} / 上限 ${limit} (${reason})`,
  moreEngines: (count) => `ほかに ${count} 台`,
  endpointReturned: (url, downSeconds) => `モデルサーバー ${url} が${duration(downSeconds)}ぶりに復旧しました。`,
  waitingFor: (part, reason) => `${part}の応答を待っています(${reason})。データは失われません。復旧しだい再開します。`,
  keptOtherwise: (topics) =>
    `設定と異なる保持方法のトピック: ${topics.join('、')}。確認: ./magpie topics apply --dry-run -c FILE`,
  moved: (from, to) => `これまでの行は${from}にあります。今後は${to}に書き込みます。`,
  refilling: (part) => `${part}: この実行のデータが欠けているため、Kafkaから書き込み直します。`,
  goingOn: (part) => `${part}が復旧しました。処理を再開します。`,
  brokenLines: (value, command) => `ファイルの ${count(value)} 行は取り込めませんでした。理由の確認: ${command}`,
  backPressure: (waiting) => `後段で ${count(waiting)} 問が処理待ちのため、問題の生成を一時的に止めています。`,
  acceptReached: (sft, preference) =>
    `採用数が目標に達しました(SFT ${count(sft)} 件、選好ペア ${count(preference)} 件)。新しい問題の生成を止め、処理中の分を仕上げます。`,
  budgetClosed: '予算の残りでは次の問題を最後まで処理できません。新しい問題の生成を止め、処理中の分を仕上げます。',
  allRead: (problems) => `${count(problems)} 問すべてを読み込みました。処理中の分を仕上げます。`,
  totalReached: (total) => `${count(total)} 問すべての生成が終わりました。処理中の分を仕上げます。`,

  columns: {
    part: '工程',
    received: '受信',
    running: '処理中',
    queued: '待機',
    passed: '通過',
    rejected: '不採用',
    dead: '失敗',
    seconds: '秒',
  },
  problems: (value, total = null) => `問題 ${outOf(value, total)} 問`,
  rangeRead: (share) => `範囲の ${Math.floor(share * 100)} % を読了`,
  rejected: (value) => `不採用 ${count(value)} 件`,
  deadLetters: (value) => `デッドレター ${count(value)} 件`,
  sftRecords: (value, wanted = null) => `SFT ${outOf(value, wanted)} 件`,
  preferenceRecords: (value, wanted = null) => `選好ペア ${outOf(value, wanted)} 件`,
  spent: ({ name, spent, limit }) =>
    `使用量 ${amount(name, spent)}${limit === null ? '' : ` / ${amount(name, limit)}`}`,
  unmeasured: (calls) =>
    `${count(calls)} 回の呼び出しでサーバーがトークン数を返しませんでした。トークン数と、トークン単価による金額は、その分だけ少なく出ています。`,
  worked: (done, left) =>
    `このプロセスで ${count(done)} 件処理${left === null ? '' : ` · 担当部分の残り ${count(left)} 件`}`,
  rate: (perMinute) => `毎分 ${perMinute.toFixed(perMinute < 10 ? 1 : 0)} 件`,
  tokensPerSecond: (tokens) => `毎秒 ${count(Math.round(tokens))} トークン`,
  eta: (seconds) => `残り約${duration(seconds)}`,
  etaUnknown: '残り時間は計算中です',
  elapsed: (seconds) => `経過 ${duration(seconds)}`,
  duration,

  draining: (running, seconds) =>
    `停止しています: 処理中の ${count(running)} 件が終わるのを最長${duration(seconds)}待ち、その後、終わった分を書き込んで確定します（所要時間は Kafka と保存先の応答しだいです）…`,
  pressAgain: 'もう一度 Ctrl-C を押すと、すぐに終了します。',
  cutOff: (cut) =>
    `待ち時間(drain.seconds)を過ぎたため中断しました: ${cut.map(({ part, records }) => `${ja.parts[part]} ${count(records)} 件`).join('、')}。次回の起動時にあらためて処理します。`,
  kept: (roles) =>
    roles.length === 0
      ? '引き継いだものも、モデルへの問い合わせもありません。'
      : `引き継ぎ数と問い合わせ数: ${roles.map(({ role, kept, asked }) => `${role} ${count(kept)} / ${count(asked)}`).join('、')}。`,
  interrupted: (run) => `実行 ${run} を停止しました。データは失われていません。同じコマンドで続きから再開できます。`,
  budgetEnded: (run, { name, spent, limit }) =>
    `実行 ${run} は予算を使い切ったため停止しました(${amount(name, spent)}${limit === null ? '' : ` / ${amount(name, limit)}`})。データは失われていません。${BUDGET_OPTIONS[name]} を増やして同じコマンドを実行すると、続きから再開できます。`,
  done: (run, seconds) => `実行 ${run} が完了しました(所要時間 ${duration(seconds)})。`,
  fewer: (accepted) => `目標の件数に達する前に問題が尽きました: ${accepted.join('、')}。`,
  failed: (run, reason) => `実行 ${run} は失敗しました: ${reason}`,
  filesWritten: '出力ファイル:',
  noFiles: '採用されたデータがないため、出力ファイルはありません。理由はレポートで確認できます。',
  file: (path, records, surplus) =>
    `${path}(${count(records)} 件${surplus === 0 ? '' : `。ほかに採用された ${count(surplus)} 件はテーブルに残っています`})`,
  nextCommands: '次に試すコマンド:',
  oneSetMissing:
    '二つのデータセットのどちらかが空です。モデルの回答が十分に一致しませんでした。--run で別の名前を付けて、もう一度お試しください。',
  smallModel:
    'このデータはごく小さなモデルで作ったものです。仕組みが動くことを示すもので、品質の見本ではありません。実際のデータ作成には --endpoint と --model で本番のモデルを指定してください。',
  logFile: (path) => `ログ: ${path}`,
}
