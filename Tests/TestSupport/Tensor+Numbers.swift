package import Tensors

extension Tensor {
  /// All elements, outermost axis first.
  package var numbers: [Float] { elements }
}
