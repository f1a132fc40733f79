;; XXH64 over the bytes of an imported memory, where they are. Its first 64 bytes are kept free by
;; whoever owns it: the four sums of what was seen so far are at 16, the result is left at 48.
;; `node test/protocol/delta/build-kernel.mjs` writes xxh64-wasm.ts from this file.
(module
  (import "env" "memory" (memory 1))

  (global $p1 i64 (i64.const 0x9E3779B185EBCA87))
  (global $p2 i64 (i64.const 0xC2B2AE3D27D4EB4F))
  (global $p3 i64 (i64.const 0x165667B19E3779F9))
  (global $p4 i64 (i64.const 0x85EBCA77C2B2AE63))
  (global $p5 i64 (i64.const 0x27D4EB2F165667C5))

  (func $round (param $sum i64) (param $lane i64) (result i64)
    (i64.mul
      (i64.rotl
        (i64.add (local.get $sum) (i64.mul (local.get $lane) (global.get $p2)))
        (i64.const 31))
      (global.get $p1)))

  (func $merge (param $hash i64) (param $sum i64) (result i64)
    (i64.add
      (i64.mul
        (i64.xor (local.get $hash) (call $round (i64.const 0) (local.get $sum)))
        (global.get $p1))
      (global.get $p4)))

  (func $begin (export "begin") (param $seed i64)
    (i64.store offset=16 (i32.const 0)
      (i64.add (local.get $seed) (i64.add (global.get $p1) (global.get $p2))))
    (i64.store offset=24 (i32.const 0) (i64.add (local.get $seed) (global.get $p2)))
    (i64.store offset=32 (i32.const 0) (local.get $seed))
    (i64.store offset=40 (i32.const 0) (i64.sub (local.get $seed) (global.get $p1))))

  ;; Takes all whole stripes of 32 bytes in [from, to), and says where they end. $round is written
  ;; out: calls would take longer than what they do.
  (func $stripes (export "stripes") (param $from i32) (param $to i32) (result i32)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (local $p1 i64) (local $p2 i64)
    (local.set $p1 (global.get $p1))
    (local.set $p2 (global.get $p2))
    (local.set $a (i64.load offset=16 (i32.const 0)))
    (local.set $b (i64.load offset=24 (i32.const 0)))
    (local.set $c (i64.load offset=32 (i32.const 0)))
    (local.set $d (i64.load offset=40 (i32.const 0)))
    (block $few
      (loop $stripe
        (br_if $few (i32.gt_u (i32.add (local.get $from) (i32.const 32)) (local.get $to)))
        (local.set $a
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $a)
                (i64.mul (i64.load align=1 (local.get $from)) (local.get $p2)))
              (i64.const 31))
            (local.get $p1)))
        (local.set $b
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $b)
                (i64.mul (i64.load offset=8 align=1 (local.get $from)) (local.get $p2)))
              (i64.const 31))
            (local.get $p1)))
        (local.set $c
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $c)
                (i64.mul (i64.load offset=16 align=1 (local.get $from)) (local.get $p2)))
              (i64.const 31))
            (local.get $p1)))
        (local.set $d
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $d)
                (i64.mul (i64.load offset=24 align=1 (local.get $from)) (local.get $p2)))
              (i64.const 31))
            (local.get $p1)))
        (local.set $from (i32.add (local.get $from) (i32.const 32)))
        (br $stripe)))
    (i64.store offset=16 (i32.const 0) (local.get $a))
    (i64.store offset=24 (i32.const 0) (local.get $b))
    (i64.store offset=32 (i32.const 0) (local.get $c))
    (i64.store offset=40 (i32.const 0) (local.get $d))
    (local.get $from))

  ;; Takes what is behind the last stripe, and leaves the sum of all `total` bytes at 48.
  (func $finish (export "finish") (param $from i32) (param $to i32) (param $total f64) (param $seed i64)
    (local $hash i64)
    (local.set $hash
      (if (result i64) (f64.lt (local.get $total) (f64.const 32))
        (then (i64.add (local.get $seed) (global.get $p5)))
        (else
          (call $merge
            (call $merge
              (call $merge
                (call $merge
                  (i64.add
                    (i64.add
                      (i64.rotl (i64.load offset=16 (i32.const 0)) (i64.const 1))
                      (i64.rotl (i64.load offset=24 (i32.const 0)) (i64.const 7)))
                    (i64.add
                      (i64.rotl (i64.load offset=32 (i32.const 0)) (i64.const 12))
                      (i64.rotl (i64.load offset=40 (i32.const 0)) (i64.const 18))))
                  (i64.load offset=16 (i32.const 0)))
                (i64.load offset=24 (i32.const 0)))
              (i64.load offset=32 (i32.const 0)))
            (i64.load offset=40 (i32.const 0))))))
    (local.set $hash (i64.add (local.get $hash) (i64.trunc_f64_u (local.get $total))))
    (block $few
      (loop $eight
        (br_if $few (i32.gt_u (i32.add (local.get $from) (i32.const 8)) (local.get $to)))
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (call $round (i64.const 0) (i64.load align=1 (local.get $from))))
                (i64.const 27))
              (global.get $p1))
            (global.get $p4)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br $eight)))
    (if (i32.le_u (i32.add (local.get $from) (i32.const 4)) (local.get $to))
      (then
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (i64.mul (i64.load32_u align=1 (local.get $from)) (global.get $p1)))
                (i64.const 23))
              (global.get $p2))
            (global.get $p3)))
        (local.set $from (i32.add (local.get $from) (i32.const 4)))))
    (block $none
      (loop $one
        (br_if $none (i32.ge_u (local.get $from) (local.get $to)))
        (local.set $hash
          (i64.mul
            (i64.rotl
              (i64.xor
                (local.get $hash)
                (i64.mul (i64.load8_u (local.get $from)) (global.get $p5)))
              (i64.const 11))
            (global.get $p1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $one)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 33)))
        (global.get $p2)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29)))
        (global.get $p3)))
    (i64.store offset=48 (i32.const 0)
      (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32)))))

  ;; The sum of [from, to), left at 48.
  (func (export "sum") (param $from i32) (param $to i32) (param $seed i64)
    (call $begin (local.get $seed))
    (call $finish
      (call $stripes (local.get $from) (local.get $to))
      (local.get $to)
      (f64.convert_i32_u (i32.sub (local.get $to) (local.get $from)))
      (local.get $seed))))
