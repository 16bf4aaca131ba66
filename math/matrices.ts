// Matrices: products, sums and scalar multiples of them, as far as the entries can be written down.

import { negated, productOf, quotient, sumOf } from './build.ts'
import { contains, rewrite, type MatrixNode, type Node } from './node.ts'
import { rationalValue } from './normal-form.ts'

type Rows = readonly (readonly Node[])[]

const maximumEntries = 400

function multiplyRows(left: Rows, right: Rows): Rows | null {
  const inner = left[0]?.length
  const columns = right[0]?.length
  if (
    inner === undefined ||
    columns === undefined ||
    inner !== right.length ||
    left.length * columns * inner > maximumEntries
  )
    return null
  return left.map((row) =>
    Array.from({ length: columns }, (_, column) =>
      sumOf(row.map((entry, index) => productOf([entry, right[index]?.[column] as Node]))),
    ),
  )
}

/** The matrix that an expression of matrices is; null where it is none. */
export function matrixOf(node: Node): MatrixNode | null {
  switch (node.kind) {
    case 'matrix':
      return node.rows.every((row) => row.length === node.rows[0]?.length) ? node : null
    case 'sum': {
      const terms = node.terms.map(matrixOf)
      const [first] = terms
      if (first === undefined || first === null) return null
      const shape = (matrix: MatrixNode | null): string => `${matrix?.rows.length ?? 0}x${matrix?.rows[0]?.length ?? 0}`
      if (!terms.every((term) => term !== null && shape(term) === shape(first))) return null
      return {
        kind: 'matrix',
        rows: first.rows.map((row, index) =>
          row.map((_, column) => sumOf(terms.map((term) => term?.rows[index]?.[column] as Node))),
        ),
      }
    }
    case 'product': {
      let rows: Rows | null = null
      const scalars: Node[] = []
      for (const factor of node.factors) {
        const matrix = matrixOf(factor)
        if (matrix === null) scalars.push(factor)
        else {
          rows = rows === null ? matrix.rows : multiplyRows(rows, matrix.rows)
          if (rows === null) return null
        }
      }
      if (rows === null) return null
      return { kind: 'matrix', rows: rows.map((row) => row.map((entry) => productOf([...scalars, entry]))) }
    }
    case 'tuple':
      return nestedRows(node)
    case 'power': {
      const base = matrixOf(node.base)
      if (base !== null && node.exponent.kind === 'symbol' && /^(?:T|t|\\top)$/.test(node.exponent.name))
        return { kind: 'matrix', rows: transposed(base.rows) }
      const exponent = rationalValue(node.exponent)
      if (base !== null && exponent?.denominator === 1n && exponent.numerator === -1n) return inverseOf(base.rows)
      if (base === null || exponent?.denominator !== 1n || exponent.numerator < 1n || exponent.numerator > 8n)
        return null
      let rows: Rows | null = base.rows
      for (let count = 1n; count < exponent.numerator && rows !== null; count += 1n)
        rows = multiplyRows(rows, base.rows)
      return rows === null ? null : { kind: 'matrix', rows }
    }
    case 'based':
    case 'builder':
    case 'call':
    case 'congruence':
    case 'constant':
    case 'degree':
    case 'list':
    case 'named-set':
    case 'number':
    case 'percent':
    case 'plus-minus':
    case 'quantity':
    case 'ratio':
    case 'relation':
    case 'series':
    case 'set-operation':
    case 'set':
    case 'symbol':
      return null
  }
}

/** [[1, 2], [3, 4]]: rows in square brackets. */
function nestedRows(node: Extract<Node, { kind: 'tuple' }>): MatrixNode | null {
  const rows = node.items.map((item) =>
    item.kind === 'tuple' && item.open === '[' && item.close === ']' ? item.items : null,
  )
  const square = node.open === '[' && node.close === ']'
  if (!square || !rows.every((row) => row !== null && row.length === rows[0]?.length)) return null
  return { kind: 'matrix', rows: rows.filter((row) => row !== null) }
}

function transposed(rows: Rows): Rows {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] as Node))
}

/** The inverse of a matrix of two rows, whose determinant is a number that is not zero. */
function inverseOf(rows: Rows): MatrixNode | null {
  const scale = rows.length === 2 ? determinant(rows) : null
  const size = scale === null ? null : rationalValue(scale)
  if (scale === null || size === null || size.numerator === 0n) return null
  const entry = (row: number, column: number): Node => rows[row]?.[column] as Node
  const over = (node: Node): Node => quotient(node, scale)
  return {
    kind: 'matrix',
    rows: [
      [over(entry(1, 1)), over(negated(entry(0, 1)))],
      [over(negated(entry(1, 0))), over(entry(0, 0))],
    ],
  }
}

/** Replaces determinants of matrices up to three rows by their sums. */
export function determinant(rows: Rows): Node | null {
  const size = rows.length
  if (size === 0 || size > 3 || rows.some((row) => row.length !== size)) return null
  const at = (row: number, column: number): Node => rows[row]?.[column] as Node
  if (size === 1) return at(0, 0)
  if (size === 2) return sumOf([productOf([at(0, 0), at(1, 1)]), negated(productOf([at(0, 1), at(1, 0)]))])
  return sumOf(
    [0, 1, 2].flatMap((shift) => [
      productOf([at(0, shift), at(1, (shift + 1) % 3), at(2, (shift + 2) % 3)]),
      negated(productOf([at(0, shift), at(1, (shift + 2) % 3), at(2, (shift + 1) % 3)])),
    ]),
  )
}

/** A row or a column as the items of a tuple; null for other shapes. */
export function vectorOf(matrix: MatrixNode): readonly Node[] | null {
  if (matrix.rows.length === 1) return matrix.rows[0] ?? null
  return matrix.rows.every((row) => row.length === 1) ? matrix.rows.flat() : null
}

const zeroNode: Node = { kind: 'number', value: { numerator: 0n, denominator: 1n }, decimal: false }
const oneNode: Node = { kind: 'number', value: { numerator: 1n, denominator: 1n }, decimal: false }

/** 2i + 3j as (2, 3): the components of a sum of the unit vectors i, j, k; null where it is none. */
export function unitVectors(node: Node, size: number): readonly Node[] | null {
  const nameOf = (part: Node): string | null =>
    part.kind === 'symbol' ? part.name : part.kind === 'constant' && part.name === 'i' ? 'i' : null
  const names = ['i', 'j', 'k'].slice(0, size)
  if (size < 2 || size > 3 || !contains(node, (part) => nameOf(part) === 'j')) return null
  const at = (which: string | null): Node =>
    rewrite(node, (part) => {
      const name = nameOf(part)
      return name === null || !names.includes(name) ? part : name === which ? oneNode : zeroNode
    })
  return rationalValue(at(null))?.numerator === 0n ? names.map(at) : null
}
