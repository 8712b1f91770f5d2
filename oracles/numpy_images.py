"""
NumPy: structural similarity by its definition [Wang et al. 2004], window by window. Prints how far scikit-image, where it is installed, is from it:
gaussian_weights=True, sigma=1.5, use_sample_covariance=False is the same definition.
"""

import numpy as np

from write import Draw, save, tensor

SIDE, SIGMA = 11, 1.5


def ssim(x, y, dynamic_range):
    """x, y [height, width, channels]."""
    place = np.arange(SIDE) - SIDE // 2
    weight = np.exp(-(place[:, None] ** 2 + place[None, :] ** 2) / (2 * SIGMA**2))
    weight = (weight / weight.sum())[..., None]
    c1, c2 = (0.01 * dynamic_range) ** 2, (0.03 * dynamic_range) ** 2
    values = []
    for row in range(x.shape[0] - SIDE + 1):
        for column in range(x.shape[1] - SIDE + 1):
            a, b = (image[row : row + SIDE, column : column + SIDE] for image in (x, y))
            ma, mb = (np.sum(weight * part, axis=(0, 1)) for part in (a, b))
            va, vb = np.sum(weight * (a - ma) ** 2, axis=(0, 1)), np.sum(weight * (b - mb) ** 2, axis=(0, 1))
            both = np.sum(weight * (a - ma) * (b - mb), axis=(0, 1))
            values.append((2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    return float(np.mean(values))


def beside_scikit_image(x, y, dynamic_range, found):
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return
    other = structural_similarity(
        x, y, gaussian_weights=True, sigma=SIGMA, use_sample_covariance=False, data_range=dynamic_range, channel_axis=-1
    )
    print(f"scikit-image differs by {abs(other - found):.1e}")


def case(name, *shape, noise, dynamic_range=1):
    draw = Draw(name)
    waves = np.sin(np.arange(shape[1])[:, None, None] / 3) * np.cos(np.arange(shape[2])[None, :, None] / 2)
    x = np.round(np.clip(0.5 + 0.4 * waves + draw.normal(*shape, scale=0.1), 0, 1) * dynamic_range, 4)
    y = np.round(np.clip(x + draw.normal(*shape, scale=noise) * dynamic_range, 0, dynamic_range), 4)
    values = [ssim(a, b, dynamic_range) for a, b in zip(x, y)]
    for a, b, found in zip(x, y, values):
        beside_scikit_image(a, b, dynamic_range, found)
    inputs = {"actual": tensor(x), "predicted": tensor(y)}
    return {"name": name, "metric": "ssim", "options": {"dynamicRange": dynamic_range}, "inputs": inputs, "expected": values}


if __name__ == "__main__":
    save("numpy-images", "numpy", np.__version__, [
        case("a little noise", 2, 13, 16, 1, noise=0.05),
        case("much noise, three channels", 1, 12, 14, 3, noise=0.5),
        case("bytes", 1, 15, 11, 1, noise=0.1, dynamic_range=255),
    ])
