// Does an English text ask for something? A question mark, a word by which problems ask, or, where the word means
// other things too (state, order, sum), that word at the head of a sentence. Doubtful texts pass.

const ANYWHERE =
  /[?？]|\b(?:what|which|who|whose|where|when|why|how|find|compute|calculate|determine|evaluate|prove|show|solve|simplify|express|factori[sz]e|expand|convert|give|write|draw|sketch|construct|verify|derive|estimate|approximate|explain|describe|disprove|rationali[sz]e|differentiate|integrate|minimi[sz]e|maximi[sz]e|decide|identify|deduce|demonstrate|rewrite)\b/i

const AT_A_HEAD =
  /(?:^|[.!;:,)\]$}*]\s+|\n\s*|\b(?:and|then|now|please|must|to)\s+)(?:add|analy[sz]e|answer|apply|arrange|check|choose|classify|compare|complete|count|create|design|develop|discuss|divide|examine|factor|fill|get|graph|investigate|justify|list|locate|multiply|name|obtain|order|perform|pick|plot|predict|provide|put|recall|reduce|report|represent|return|round|select|state|substitute|subtract|sum|tell|test|translate|use)\b/i

/** True where the text has a question mark or asks in words. */
export function asksSomething(text: string): boolean {
  return ANYWHERE.test(text) || AT_A_HEAD.test(text)
}

/** A blank at the end, or in the place of what something is: `2, 5, 10, ___`, `The sum is ____.` */
const BLANK = /_{2,}[_\s.)$]*$|\b(?:is|are|equals|to|=)\s*\$?_{2,}/i
/** A last clause that breaks off before the value: `then a^b =`, `The value of $f(2)$ is equal to` */
const OPEN_VALUE =
  /(?:^|[.,;:!]\s+|\n\s*|\bthen\s+)(?:the\s|then\s|\$|\\[([]|[a-z][_^(])[^.?!\n]{1,200}(?:\s(?:is|are|equals|is\s+equal\s+to)|=\s?\$?)\s{0,2}(?:\(\s{0,4}\))?$/i
const ORDER = /[?？]|\b(?:what|which|how|find|compute|calculate|determine|evaluate|prove|show|solve|simplify)\b/i

/** True where a text with numbers or formulas leaves a place to fill in, and asks nothing in words. */
export function isFillIn(text: string): boolean {
  if (!/[\d$\\]/.test(text) || ORDER.test(text)) return false
  const tail = text.slice(-300)
  return BLANK.test(tail) || OPEN_VALUE.test(tail)
}
