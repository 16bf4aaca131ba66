// Does an English text ask for something? A question mark, a word by which problems ask, or, where the word means
// other things too (state, order, sum), that word at the head of a sentence. Doubtful texts pass.

const ANYWHERE =
  /[?？]|\b(?:what|which|who|whose|where|when|why|how|find|compute|calculate|determine|evaluate|prove|show|solve|simplify|express|factori[sz]e|expand|convert|give|write|draw|sketch|construct|verify|derive|estimate|approximate|explain|describe|disprove|rationali[sz]e|differentiate|integrate|minimi[sz]e|maximi[sz]e|decide|identify|deduce|demonstrate|rewrite)\b/i

const AT_A_HEAD =
  /(?:^|[.!;:,)\]$}*]\s+|\n\s*|\b(?:and|then|now|please|must|to)\s+)(?:add|analy[sz]e|answer|apply|arrange|check|choose|classify|compare|complete|count|create|design|discuss|divide|examine|factor|fill|get|graph|investigate|justify|list|locate|multiply|name|obtain|order|perform|pick|plot|predict|provide|put|recall|reduce|report|represent|return|round|select|state|substitute|subtract|sum|tell|translate|use)\b/i

/** True where the text has a question mark or asks in words. */
export function asksSomething(text: string): boolean {
  return ANYWHERE.test(text) || AT_A_HEAD.test(text)
}
