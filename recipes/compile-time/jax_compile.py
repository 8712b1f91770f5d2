"""
JAX: CPU seconds to compile the gradient of an LSTM (64 units, 16 features, batch 32) over T steps, written as a loop that is
unrolled and as lax.scan. `python jax_compile.py 10 25 50` prints a line of JSON, which compile-time.mjs reads.
"""

import json
import sys
import time

import jax
import jax.numpy as jnp

B, I, H = 32, 16, 64


def step(weights, state, x):
    W, R, b = weights
    h, c = state
    i, f, g, o = jnp.split(x @ W + h @ R + b, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def unrolled(weights, x):
    state = (jnp.zeros((B, H)), jnp.zeros((B, H)))
    for t in range(x.shape[1]):
        state = step(weights, state, x[:, t])
    return state[0].sum()


def scanned(weights, x):
    start = (jnp.zeros((B, H)), jnp.zeros((B, H)))
    return jax.lax.scan(lambda state, xt: (step(weights, state, xt), None), start, x.swapaxes(0, 1))[0][0].sum()


def seconds(run, T):
    weights = (jnp.zeros((I, 4 * H)), jnp.zeros((H, 4 * H)), jnp.zeros(4 * H))
    began = time.process_time()
    jax.jit(jax.value_and_grad(run)).lower(weights, jnp.ones((B, T, I))).compile()
    return time.process_time() - began


seconds(scanned, 3)  # what the first compilation costs for itself
print(json.dumps([{"T": T, "scan": seconds(scanned, T), "unrolled": seconds(unrolled, T)} for T in map(int, sys.argv[1:])]))
