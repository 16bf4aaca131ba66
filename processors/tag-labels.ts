// The labels that a problem may have: what the tagger chooses from, and what the config may name.

import { z } from 'zod'

export const DIFFICULTIES = ['very easy', 'easy', 'medium', 'hard', 'very hard'] as const
export const QUALITIES = ['very poor', 'poor', 'average', 'good', 'excellent'] as const
export const CATEGORIES = [
  'arithmetic',
  'algebra',
  'number theory',
  'geometry',
  'trigonometry',
  'combinatorics',
  'probability and statistics',
  'calculus',
  'linear algebra',
  'logic',
  'other mathematics',
  'not mathematics',
] as const
export const SAFETIES = ['safe', 'unsafe'] as const

/** ISO 639-1. */
export const languageCode = z.string().regex(/^[a-z]{2}$/, 'a code of ISO 639-1, as en')
