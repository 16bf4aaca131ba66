// What an answer is once it is read: the tree that the parser gives and every comparison works on.
// Long because the union and its two walks name every kind of node, so that the compiler finds what a new kind must touch.

import type { Rational } from './rational.ts'

/** What stands between the operands of a relation. `~` is "about", `in` is membership. */
export type Relator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~' | 'in'

/** decimal: written with a decimal point, so it may stand for a rounded value. */
export interface NumberNode {
  readonly kind: 'number'
  readonly value: Rational
  readonly decimal: boolean
}
export interface SymbolNode {
  readonly kind: 'symbol'
  readonly name: string
}
export interface ConstantNode {
  readonly kind: 'constant'
  readonly name: 'pi' | 'e' | 'i' | 'infinity'
}
export interface SumNode {
  readonly kind: 'sum'
  readonly terms: readonly Node[]
}
export interface ProductNode {
  readonly kind: 'product'
  readonly factors: readonly Node[]
}
export interface PowerNode {
  readonly kind: 'power'
  readonly base: Node
  readonly exponent: Node
}
/** A named function of its arguments: sin, abs, factorial, binomial, f, … */
export interface CallNode {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly Node[]
}
/** ± (upper 1) or ∓ (upper -1) before its operand. */
export interface PlusMinusNode {
  readonly kind: 'plus-minus'
  readonly upper: 1 | -1
  readonly operand: Node
}
export interface PercentNode {
  readonly kind: 'percent'
  readonly operand: Node
}
export interface DegreeNode {
  readonly kind: 'degree'
  readonly operand: Node
}
/** Digits with a base as subscript: 101_2. */
export interface BasedNode {
  readonly kind: 'based'
  readonly digits: string
  readonly base: number
}
/** A sum or product over a range: \sum, \prod. */
export interface SeriesNode {
  readonly kind: 'series'
  readonly name: 'sum' | 'prod'
  readonly variable: string
  readonly from: Node
  readonly to: Node
  readonly body: Node
}
/** Items between commas, semicolons, "and", "or", without brackets. Order does not count. all: joined by "and" only. */
export interface ListNode {
  readonly kind: 'list'
  readonly all?: boolean
  readonly items: readonly Node[]
}
/** Items between brackets: a tuple, a point, or (two items) an interval. */
export interface TupleNode {
  readonly kind: 'tuple'
  readonly open: '(' | '['
  readonly close: ')' | ']'
  readonly items: readonly Node[]
}
export interface SetNode {
  readonly kind: 'set'
  readonly items: readonly Node[]
}
/** { element | condition } */
export interface BuilderNode {
  readonly kind: 'builder'
  readonly element: Node
  readonly condition: Node
}
export interface SetOperationNode {
  readonly kind: 'set-operation'
  readonly operator: 'union' | 'intersection' | 'difference'
  readonly left: Node
  readonly right: Node
}
/** The blackboard letters: R, Q, Z, N, C. */
export interface NamedSetNode {
  readonly kind: 'named-set'
  readonly name: string
}
export interface MatrixNode {
  readonly kind: 'matrix'
  readonly rows: readonly (readonly Node[])[]
}
export interface RatioNode {
  readonly kind: 'ratio'
  readonly parts: readonly Node[]
}
/** a < b <= c: one operator fewer than operands. */
export interface RelationNode {
  readonly kind: 'relation'
  readonly operands: readonly Node[]
  readonly operators: readonly Relator[]
}
/** What counts up to multiples of the modulus: x = 3 (mod 7), 1, 5 (mod 6). remainder: written as an operation, 17 mod 5. */
export interface CongruenceNode {
  readonly kind: 'congruence'
  readonly operand: Node
  readonly modulus: Node
  readonly remainder: boolean
}
/** A value followed by a unit that is known: 5 cm. */
export interface QuantityNode {
  readonly kind: 'quantity'
  readonly value: Node
  readonly unit: string
}

export type Node =
  | NumberNode
  | SymbolNode
  | ConstantNode
  | SumNode
  | ProductNode
  | PowerNode
  | CallNode
  | PlusMinusNode
  | PercentNode
  | DegreeNode
  | BasedNode
  | SeriesNode
  | ListNode
  | TupleNode
  | SetNode
  | BuilderNode
  | SetOperationNode
  | NamedSetNode
  | MatrixNode
  | RatioNode
  | RelationNode
  | QuantityNode
  | CongruenceNode

/** The nodes directly below. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'number':
    case 'symbol':
    case 'constant':
    case 'based':
    case 'named-set':
      return []
    case 'sum':
      return node.terms
    case 'product':
      return node.factors
    case 'power':
      return [node.base, node.exponent]
    case 'call':
      return node.arguments
    case 'plus-minus':
    case 'percent':
    case 'degree':
      return [node.operand]
    case 'series':
      return [node.from, node.to, node.body]
    case 'list':
    case 'tuple':
    case 'set':
      return node.items
    case 'builder':
      return [node.element, node.condition]
    case 'set-operation':
      return [node.left, node.right]
    case 'matrix':
      return node.rows.flat()
    case 'ratio':
      return node.parts
    case 'relation':
      return node.operands
    case 'quantity':
      return [node.value]
    case 'congruence':
      return [node.operand, node.modulus]
  }
}

/** The same node with each child replaced; the node itself where no child changed. */
function mapChildren(node: Node, change: (child: Node) => Node): Node {
  switch (node.kind) {
    case 'number':
    case 'symbol':
    case 'constant':
    case 'based':
    case 'named-set':
      return node
    case 'sum':
      return { ...node, terms: node.terms.map(change) }
    case 'product':
      return { ...node, factors: node.factors.map(change) }
    case 'power':
      return { ...node, base: change(node.base), exponent: change(node.exponent) }
    case 'call':
      return { ...node, arguments: node.arguments.map(change) }
    case 'plus-minus':
    case 'percent':
    case 'degree':
      return { ...node, operand: change(node.operand) }
    case 'series':
      return { ...node, from: change(node.from), to: change(node.to), body: change(node.body) }
    case 'list':
    case 'tuple':
    case 'set':
      return { ...node, items: node.items.map(change) }
    case 'builder':
      return { ...node, element: change(node.element), condition: change(node.condition) }
    case 'set-operation':
      return { ...node, left: change(node.left), right: change(node.right) }
    case 'matrix':
      return { ...node, rows: node.rows.map((row) => row.map(change)) }
    case 'ratio':
      return { ...node, parts: node.parts.map(change) }
    case 'relation':
      return { ...node, operands: node.operands.map(change) }
    case 'quantity':
      return { ...node, value: change(node.value) }
    case 'congruence':
      return { ...node, operand: change(node.operand), modulus: change(node.modulus) }
  }
}

/** True when the node or anything below it passes the test. */
export function contains(node: Node, test: (part: Node) => boolean): boolean {
  return test(node) || childrenOf(node).some((child) => contains(child, test))
}

/** Every node with each child done first. */
export function rewrite(node: Node, change: (part: Node) => Node): Node {
  return change(mapChildren(node, (child) => rewrite(child, change)))
}
