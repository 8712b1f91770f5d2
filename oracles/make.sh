#!/bin/sh
# Writes every file in values/ again and checks them. Takes about three minutes on one core.
# Uses $PYTHON when it is set; else a virtual environment oracles/.venv, made on first use with the versions of requirements.txt.
set -eu
cd "$(dirname "$0")"
if [ -z "${PYTHON:-}" ]; then
  PYTHON=.venv/bin/python
  [ -x "$PYTHON" ] || { python3 -m venv .venv && "$PYTHON" -m pip install --requirement requirements.txt; }
fi
export PYTHONDONTWRITEBYTECODE=1
for script in pytorch torch_schedules torch_attention torch_seq2seq hidden_markov keras_recurrent keras_layers batch_normalization keras_attention keras_convolution keras_conv_lstm keras_losses keras_optimizers training_step numpy_cases class_baselines skip_gram numpy_images onnx_cases cells_lstm cells_truncated cells_gated cells_parallel cells_xlstm cells_sherstinsky cells_grid cells_conv check; do
  "$PYTHON" "$script.py"
done
