"""VICReg on CIFAR-10: the method, its training, and what its representations are good for.

Conventions used by the whole package:

- image sets hold uint8 images of shape (n, 3, 32, 32); functions that compute on images
  say so when they want floats in [0, 1] or normalised floats instead;
- ``y`` are representations (the encoder's output, 128-d), ``z`` projections (512-d);
- anomaly scores: higher is more anomalous.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
