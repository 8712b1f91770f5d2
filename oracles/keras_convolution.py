"""Keras 3: convolution, pooling and upsampling, with gradients."""

from keras_setup import keras_options, write  # first: it chooses the backend

import keras

from keras_layers import layer_case


def case(kind, options, shape, note=""):
    return layer_case(f"{kind}{note}", kind, options, getattr(keras.layers, kind)(**keras_options(options)), shape)


def convolutions():
    return [
        case("Conv1D", {"filters": 3, "kernelSize": 3}, (2, 7, 2), " valid"),
        case("Conv1D", {"filters": 2, "kernelSize": 4, "padding": "same", "strides": 2}, (2, 7, 3), " same, strides"),
        case("Conv1D", {"filters": 2, "kernelSize": 3, "padding": "causal", "dilationRate": 2, "activation": "tanh"}, (2, 7, 2),
             " causal, dilated, tanh"),
        case("Conv1D", {"filters": 2, "kernelSize": 1, "useBias": False}, (2, 4, 3), " pointwise without bias"),
        case("Conv2D", {"filters": 2, "kernelSize": [3, 2], "strides": [2, 1]}, (2, 6, 5, 2), " valid, strides"),
        case("Conv2D", {"filters": 3, "kernelSize": [2, 3], "padding": "same", "strides": 2}, (2, 5, 6, 2), " same, strides"),
        case("Conv2D", {"filters": 2, "kernelSize": 3, "padding": "same", "dilationRate": [1, 2]}, (1, 5, 6, 2), " same, dilated"),
        case("Conv3D", {"filters": 2, "kernelSize": [2, 3, 2], "padding": "same"}, (1, 3, 4, 3, 2), " same"),
    ]


def pools():
    grids = {1: (2, 7, 2), 2: (2, 5, 6, 2)}
    return [
        *(case(f"{kind}Pooling{rank}D", {"poolSize": 3, "strides": 2, "padding": padding}, grids[rank], f" {padding}")
          for kind in ("Max", "Average") for rank in (1, 2) for padding in ("valid", "same")),
        case("MaxPooling2D", {}, grids[2], " defaults"),
        *(case(f"Global{kind}Pooling{rank}D", {}, grids[rank]) for kind in ("Max", "Average") for rank in (1, 2)),
        case("UpSampling1D", {"size": 3}, (2, 3, 2)),
        case("UpSampling2D", {"size": [2, 3]}, (2, 3, 2, 2)),
    ]


if __name__ == "__main__":
    write("keras-convolution", convolutions() + pools())
