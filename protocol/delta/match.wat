;; The inner loops of the block search: what kernel.ts does in TypeScript, over the same tables.
;; `node test/protocol/delta/build-kernel.mjs` writes match-wasm.ts from this file.
(module
  (memory (export "memory") 1)

  ;; Where the tables of block-index.ts begin, and how far hashes are shifted to index them.
  (global $bitmap (mut i32) (i32.const 0))
  (global $bitmapShift (mut i32) (i32.const 0))
  (global $heads (mut i32) (i32.const 0))
  (global $bucketShift (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 0))
  (global $weak (mut i32) (i32.const 0))
  (global $blockLength (mut i32) (i32.const 0))

  (func (export "configure")
    (param $bitmap i32) (param $bitmapShift i32) (param $heads i32) (param $bucketShift i32)
    (param $next i32) (param $weak i32) (param $blockLength i32)
    (global.set $bitmap (local.get $bitmap))
    (global.set $bitmapShift (local.get $bitmapShift))
    (global.set $heads (local.get $heads))
    (global.set $bucketShift (local.get $bucketShift))
    (global.set $next (local.get $next))
    (global.set $weak (local.get $weak))
    (global.set $blockLength (local.get $blockLength)))

  ;; Whether some block has this weak sum: walks the bucket of its hash.
  (func $isIndexed (param $sum i32) (param $hash i32) (result i32)
    (local $block i32)
    (local.set $block
      (i32.load
        (i32.add
          (global.get $heads)
          (i32.shl (i32.shr_u (local.get $hash) (global.get $bucketShift)) (i32.const 2)))))
    (loop $chain
      (if (i32.lt_s (local.get $block) (i32.const 0)) (then (return (i32.const 0))))
      (local.set $block (i32.shl (local.get $block) (i32.const 2)))
      (if (i32.eq
            (i32.load (i32.add (global.get $weak) (local.get $block)))
            (local.get $sum))
        (then (return (i32.const 1))))
      (local.set $block (i32.load (i32.add (global.get $next) (local.get $block))))
      (br $chain))
    (unreachable))

  ;; The first address in [from, to) at which an indexed block may begin, or `to`. The weak sum
  ;; there is left at address 0. Both halves of the sum are kept in the upper 16 bits of a word:
  ;; there they wrap by themselves.
  (func (export "scan") (param $from i32) (param $to i32) (param $sum i32) (result i32)
    (local $s1 i32) (local $s2 i32) (local $left i32) (local $hash i32) (local $bit i32)
    (local $length i32) (local $factor i32) (local $bitmap i32) (local $shift i32)
    (local.set $s1 (i32.shl (local.get $sum) (i32.const 16)))
    (local.set $s2 (i32.and (local.get $sum) (i32.const 0xffff0000)))
    (local.set $length (global.get $blockLength))
    (local.set $bitmap (global.get $bitmap))
    (local.set $shift (global.get $bitmapShift))
    (local.set $factor (i32.shl (local.get $length) (i32.const 16)))
    (block $stop
      (loop $offset
        (br_if $stop (i32.ge_u (local.get $from) (local.get $to)))
        (local.set $sum
          (i32.or (local.get $s2) (i32.shr_u (local.get $s1) (i32.const 16))))
        (local.set $hash (i32.mul (local.get $sum) (i32.const 0x9e3779b1)))
        (local.set $bit (i32.shr_u (local.get $hash) (local.get $shift)))
        ;; Shifts count modulo 32: the bit's place in its word needs no mask.
        (if (i32.and
              (i32.shr_u
                (i32.load
                  (i32.add
                    (local.get $bitmap)
                    (i32.and (i32.shr_u (local.get $bit) (i32.const 3)) (i32.const -4))))
                (local.get $bit))
              (i32.const 1))
          (then (br_if $stop (call $isIndexed (local.get $sum) (local.get $hash)))))
        (local.set $left (i32.load8_s (local.get $from)))
        (local.set $s1
          (i32.add
            (local.get $s1)
            (i32.shl
              (i32.sub
                (i32.load8_s (i32.add (local.get $from) (local.get $length)))
                (local.get $left))
              (i32.const 16))))
        (local.set $s2
          (i32.add
            (local.get $s2)
            (i32.sub (local.get $s1) (i32.mul (local.get $factor) (local.get $left)))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $offset)))
    (i32.store
      (i32.const 0)
      (i32.or (local.get $s2) (i32.shr_u (local.get $s1) (i32.const 16))))
    (local.get $from))

  ;; The weak sum of [from, to): sixteen bytes at a time, then the rest one by one.
  (func (export "sum") (param $from i32) (param $to i32) (result i32)
    (local $bytes v128) (local $low v128) (local $high v128)
    (local $sums v128)   ;; sums of all bytes so far
    (local $before v128) ;; sums of those sums, each taken before its sixteen bytes
    (local $within v128) ;; bytes times their distance to the end of their sixteen
    (local $s1 i32) (local $s2 i32)
    (block $few
      (loop $sixteen
        (br_if $few (i32.gt_u (i32.add (local.get $from) (i32.const 16)) (local.get $to)))
        (local.set $bytes (v128.load align=1 (local.get $from)))
        (local.set $low (i16x8.extend_low_i8x16_s (local.get $bytes)))
        (local.set $high (i16x8.extend_high_i8x16_s (local.get $bytes)))
        (local.set $before (i32x4.add (local.get $before) (local.get $sums)))
        (local.set $sums
          (i32x4.add
            (local.get $sums)
            (i32x4.extadd_pairwise_i16x8_s (i16x8.add (local.get $low) (local.get $high)))))
        (local.set $within
          (i32x4.add
            (local.get $within)
            (i32x4.add
              (i32x4.dot_i16x8_s (local.get $low) (v128.const i16x8 16 15 14 13 12 11 10 9))
              (i32x4.dot_i16x8_s (local.get $high) (v128.const i16x8 8 7 6 5 4 3 2 1)))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br $sixteen)))
    (local.set $s1 (call $lanes (local.get $sums)))
    (local.set $s2
      (i32.add
        (i32.shl (call $lanes (local.get $before)) (i32.const 4))
        (call $lanes (local.get $within))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (local.set $s1 (i32.add (local.get $s1) (i32.load8_s (local.get $from))))
        (local.set $s2 (i32.add (local.get $s2) (local.get $s1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $one)))
    (i32.or
      (i32.and (local.get $s1) (i32.const 0xffff))
      (i32.shl (local.get $s2) (i32.const 16))))

  ;; The sum of four lanes.
  (func $lanes (param $four v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $four)) (i32x4.extract_lane 1 (local.get $four)))
      (i32.add (i32x4.extract_lane 2 (local.get $four)) (i32x4.extract_lane 3 (local.get $four))))))
