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


def volumes_and_margins():
    volume = (1, 3, 4, 3, 2)
    return [
        *(case(f"{kind}Pooling3D", {"poolSize": [2, 3, 2], "strides": [1, 2, 2], "padding": padding}, volume, f" {padding}")
          for kind in ("Max", "Average") for padding in ("valid", "same")),
        *(case(f"Global{kind}Pooling3D", {}, volume) for kind in ("Max", "Average")),
        case("UpSampling3D", {"size": [2, 1, 3]}, (1, 2, 2, 2, 2)),
        *(case("UpSampling2D", {"size": size, "interpolation": "bilinear"}, shape, f" bilinear {size}")
          for size, shape in (([2, 3], (2, 3, 2, 2)), ([4, 1], (1, 2, 3, 1)), (5, (1, 1, 2, 1)))),
        case("ZeroPadding1D", {"padding": 2}, (2, 3, 2)),
        case("ZeroPadding1D", {"padding": [2, 0]}, (2, 3, 2), " uneven"),
        case("ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, (2, 2, 3, 2)),
        case("ZeroPadding3D", {"padding": [1, 2, 0]}, (1, 2, 1, 2, 2)),
        case("Cropping1D", {"cropping": [1, 2]}, (2, 5, 2)),
        case("Cropping2D", {"cropping": [[1, 0], [0, 2]]}, (2, 3, 4, 2)),
        case("Cropping3D", {"cropping": 1}, (1, 3, 4, 3, 2)),
    ]


if __name__ == "__main__":
    write("keras-convolution", convolutions() + pools() + volumes_and_margins())
