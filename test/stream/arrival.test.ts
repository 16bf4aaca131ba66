import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KafkaMessage } from 'kafkajs'
import { fillTheirMemory, toArrival } from '../../stream/arrival.ts'
import { beginTenure } from '../../stream/tenure.ts'

/** A message whose value is a view on memory that holds others too. */
function messageIn(memory: Buffer, start: number, end: number): KafkaMessage {
  return {
    ...{ key: Buffer.from('key'), value: memory.subarray(start, end), timestamp: '1', attributes: 0, offset: '7' },
    headers: { run: Buffer.from('r') },
  }
}

describe('arrivals', () => {
  it('are copies, or views where that is asked for', () => {
    const memory = Buffer.alloc(100, 1)
    const tenure = beginTenure('from', 0)
    const copy = toArrival(tenure, messageIn(memory, 10, 20))
    const view = toArrival(tenure, messageIn(memory, 10, 20), true)
    memory.fill(2)
    assert.deepEqual([...copy.value!], Array<number>(10).fill(1))
    assert.deepEqual([...view.value!], Array<number>(10).fill(2))
    assert.equal(view.offset, 7)
  })

  it('fill the memory that views hold on to, or leave most of it to others', () => {
    const memory = Buffer.alloc(100)
    const other = Buffer.alloc(1000)
    assert.equal(fillTheirMemory([messageIn(memory, 0, 30), messageIn(memory, 30, 50)]), true)
    assert.equal(fillTheirMemory([messageIn(memory, 0, 30), messageIn(memory, 30, 49)]), false)
    assert.equal(fillTheirMemory([messageIn(memory, 0, 100), messageIn(other, 0, 10)]), false)
    assert.equal(fillTheirMemory([messageIn(memory, 0, 100), messageIn(other, 0, 450)]), true)
    assert.equal(fillTheirMemory([]), true)
    assert.equal(fillTheirMemory([{ value: null }]), true)
  })
})
