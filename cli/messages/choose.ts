// The catalogue of a language.

import type { Messages } from './contract.ts'
import { en } from './en.ts'
import { ja } from './ja.ts'

/** Messages in this language. */
export function messagesIn(language: Messages['language']): Messages {
  switch (language) {
    case 'en':
      return en
    case 'ja':
      return ja
  }
}
