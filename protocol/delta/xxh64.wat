;; XXH64 over data in this memory. The four running sums are the first 32 bytes of it, and the result
;; is the first eight, so that one instance serves many digests, each of which brings its own.
;; `node test/protocol/delta/build-kernel.mjs` writes xxh64-wasm.ts from this file.
(module
  (memory (export "memory") 69 69)

  (func $round (param $sum i64) (param $input i64) (result i64)
    (i64.mul
      (i64.rotl
        (i64.add
          (local.get $sum)
          (i64.mul (local.get $input) (i64.const 0xC2B2AE3D27D4EB4F)))
        (i64.const 31))
      (i64.const 0x9E3779B185EBCA87)))

  ;; Makes the sums those of no data.
  (func (export "begin") (param $narrow i32)
    (local $seed i64)
    ;; rsync widens its int: negative seeds fill up.
    (local.set $seed (i64.extend_i32_s (local.get $narrow)))
    (i64.store offset=0 (i32.const 0)
      (i64.add
        (i64.add (local.get $seed) (i64.const 0x9E3779B185EBCA87))
        (i64.const 0xC2B2AE3D27D4EB4F)))
    (i64.store offset=8 (i32.const 0)
      (i64.add (local.get $seed) (i64.const 0xC2B2AE3D27D4EB4F)))
    (i64.store offset=16 (i32.const 0) (local.get $seed))
    (i64.store offset=24 (i32.const 0)
      (i64.sub (local.get $seed) (i64.const 0x9E3779B185EBCA87))))

  ;; Adds [at, end), whole stripes of 32 bytes.
  (func (export "stripes") (param $at i32) (param $end i32)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (local.set $a (i64.load offset=0 (i32.const 0)))
    (local.set $b (i64.load offset=8 (i32.const 0)))
    (local.set $c (i64.load offset=16 (i32.const 0)))
    (local.set $d (i64.load offset=24 (i32.const 0)))
    ;; $round is written out: a call would cost more than what it does.
    (block $done
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (loop $next
        (local.set $a
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $a)
                (i64.mul (i64.load offset=0 (local.get $at)) (i64.const 0xC2B2AE3D27D4EB4F)))
              (i64.const 31))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $b
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $b)
                (i64.mul (i64.load offset=8 (local.get $at)) (i64.const 0xC2B2AE3D27D4EB4F)))
              (i64.const 31))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $c
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $c)
                (i64.mul (i64.load offset=16 (local.get $at)) (i64.const 0xC2B2AE3D27D4EB4F)))
              (i64.const 31))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $d
          (i64.mul
            (i64.rotl
              (i64.add
                (local.get $d)
                (i64.mul (i64.load offset=24 (local.get $at)) (i64.const 0xC2B2AE3D27D4EB4F)))
              (i64.const 31))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))
    (i64.store offset=0 (i32.const 0) (local.get $a))
    (i64.store offset=8 (i32.const 0) (local.get $b))
    (i64.store offset=16 (i32.const 0) (local.get $c))
    (i64.store offset=24 (i32.const 0) (local.get $d)))

  (func $merge (param $hash i64) (param $sum i64) (result i64)
    (i64.add
      (i64.mul
        (i64.xor (local.get $hash) (call $round (i64.const 0) (local.get $sum)))
        (i64.const 0x9E3779B185EBCA87))
      (i64.const 0x85EBCA77C2B2AE63)))

  ;; The sum of $length bytes, of which [at, end) are the last, fewer than a stripe.
  (func (export "finish") (param $length f64) (param $at i32) (param $end i32)
    (local $total i64) (local $hash i64) (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (local.set $total (i64.trunc_f64_u (local.get $length)))
    (local.set $a (i64.load offset=0 (i32.const 0)))
    (local.set $b (i64.load offset=8 (i32.const 0)))
    (local.set $c (i64.load offset=16 (i32.const 0)))
    (local.set $d (i64.load offset=24 (i32.const 0)))
    (if (i64.ge_u (local.get $total) (i64.const 32))
      (then
        (local.set $hash
          (i64.add
            (i64.add
              (i64.rotl (local.get $a) (i64.const 1))
              (i64.rotl (local.get $b) (i64.const 7)))
            (i64.add
              (i64.rotl (local.get $c) (i64.const 12))
              (i64.rotl (local.get $d) (i64.const 18)))))
        (local.set $hash (call $merge (local.get $hash) (local.get $a)))
        (local.set $hash (call $merge (local.get $hash) (local.get $b)))
        (local.set $hash (call $merge (local.get $hash) (local.get $c)))
        (local.set $hash (call $merge (local.get $hash) (local.get $d))))
      ;; The third sum of no data is the seed.
      (else (local.set $hash (i64.add (local.get $c) (i64.const 0x27D4EB2F165667C5)))))
    (local.set $hash (i64.add (local.get $hash) (local.get $total)))
    (block $words
      (loop $next
        (br_if $words (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $end)))
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (call $round (i64.const 0) (i64.load (local.get $at))))
                (i64.const 27))
              (i64.const 0x9E3779B185EBCA87))
            (i64.const 0x85EBCA77C2B2AE63)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (if (i32.le_u (i32.add (local.get $at) (i32.const 4)) (local.get $end))
      (then
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (i64.mul (i64.load32_u (local.get $at)) (i64.const 0x9E3779B185EBCA87)))
                (i64.const 23))
              (i64.const 0xC2B2AE3D27D4EB4F))
            (i64.const 0x165667B19E3779F9)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (block $bytes
      (loop $next
        (br_if $bytes (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $hash
          (i64.mul
            (i64.rotl
              (i64.xor
                (local.get $hash)
                (i64.mul (i64.load8_u (local.get $at)) (i64.const 0x27D4EB2F165667C5)))
              (i64.const 11))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 33)))
        (i64.const 0xC2B2AE3D27D4EB4F)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29)))
        (i64.const 0x165667B19E3779F9)))
    (i64.store (i32.const 0)
      (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))))
