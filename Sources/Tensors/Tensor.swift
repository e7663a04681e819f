package import Foundation

/// A dense array of numbers with named-by-convention axes, stored row by row: a shape over a window of a
/// storage.
///
/// The last axis is contiguous. A tensor is a value: copies, slices and other shapes share their storage, and
/// writing to one of them copies its own window first. Numbers are Float32 unless `format` says otherwise,
/// which only a model's weights do. A shape that does not fit is a programmer's error and traps with both shapes
/// in the message.
public struct Tensor: Sendable {
  /// The length of each axis, outermost first.
  public private(set) var shape: [Int]
  private var storage: Storage
  /// Where the window starts, in elements.
  private let offset: Int

  private init(_ storage: Storage, offset: Int, shape: [Int]) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
  }

  /// Takes elements that are already in storage order.
  ///
  /// - Parameters:
  ///   - elements: The elements, outermost axis first.
  ///   - shape: The length of each axis.
  ///   - device: Where the tensor lies.
  public init(_ elements: [Float], shape: [Int], on device: Device = .cpu) {
    precondition(
      elements.count == shape.reduce(1, *),
      "a tensor of shape \(shape) needs \(shape.reduce(1, *)) elements, found \(elements.count)")
    self.init(shape: shape, on: device) { backend, out in
      unsafe elements.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe backend.upload(base, to: out.bytes, byteCount: buffer.count)
      }
    }
  }

  /// Takes numbers as they lie in a file, which stays mapped: nothing is read or converted.
  ///
  /// - Parameters:
  ///   - bytes: As many bytes as the shape needs in the format, at any address.
  ///   - format: How the numbers are stored; rows of the last axis are whole blocks.
  ///   - shape: The length of each axis.
  package init(mapping bytes: Data, as format: ElementFormat, shape: [Int]) {
    let count = shape.reduce(1, *)
    precondition((shape.last ?? 1) % format.blockCount == 0, "rows of \(shape) in \(format)")
    self.init(Storage(lentBy: bytes, format, count: count), offset: 0, shape: shape)
  }

  /// Makes a tensor of zeros.
  ///
  /// - Parameters:
  ///   - shape: The length of each axis.
  ///   - device: Where the tensor lies.
  public init(zeros shape: [Int], on device: Device = .cpu) {
    self.init(shape: shape, on: device) { $0.clear($1, count: shape.reduce(1, *)) }
  }

  /// Makes a tensor whose elements the caller writes, all of them, before it reads any.
  package init(unwritten shape: [Int], on device: Device) {
    self.init(shape: shape, on: device) { _, _ in }
  }

  /// Makes a tensor whose elements `fill` writes, all of them.
  init(shape: [Int], on device: Device, filledBy fill: (any Backend, Address) -> Void) {
    let storage = Storage(device, .f32, count: shape.reduce(1, *))
    if storage.count > 0 { fill(device.backend, Address(storage)) }
    self.init(storage, offset: 0, shape: shape)
  }

  /// A new tensor on the same device whose elements `fill` writes, all of them.
  func making(_ shape: [Int], filledBy fill: (any Backend, Address) -> Void) -> Tensor {
    Tensor(shape: shape, on: storage.device, filledBy: fill)
  }

  /// How the numbers are stored.
  package var format: ElementFormat { storage.format }
  /// Where the numbers lie.
  public var device: Device { storage.device }
  var backend: any Backend { device.backend }

  /// How many elements there are.
  public var count: Int { shape.reduce(1, *) }
  /// The length of the last axis.
  package var columnCount: Int { shape.last ?? 1 }
  /// The product of all axes but the last.
  package var rowCount: Int { shape.dropLast().reduce(1, *) }

  /// The window's first number, to be read in whatever format it is stored.
  var stored: Address { Address(storage, offset: offset) }

  /// The window's first number, to be read as Float32.
  var address: Address {
    precondition(format == .f32, "a kernel of Float32 over \(format)")
    return stored
  }

  /// The window's first number, to be written; copies the window first when anything else can see it.
  mutating func writable() -> Address {
    precondition(format == .f32, "writing to \(format)")
    if storage.isLent || !isKnownUniquelyReferenced(&storage) {
      let (count, source) = (count, address)
      self = making(shape) { $0.copy(source, to: $1, count: count) }
    }
    return address
  }

  /// All elements in storage order, fetched from where they lie and converted to Float32.
  public func values() -> [Float] {
    let (count, source) = (count, float32.address)
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress {
        unsafe backend.download(source.bytes, to: base, byteCount: 4 * count)
      }
      initialized = count
    }
  }

  /// Whether both are windows of one storage.
  package func sharesStorage(with other: Tensor) -> Bool { storage === other.storage }

  /// Tensors brought to a device, each storage once: those that share one share it there, too.
  package struct Move {
    private let device: Device
    private var storages: [ObjectIdentifier: (source: Storage, moved: Storage)] = [:]

    package init(to device: Device) { self.device = device }

    /// The same numbers, as they are stored, on the device.
    package mutating func callAsFunction(_ tensor: Tensor) -> Tensor {
      guard tensor.device != device else { return tensor }
      let source = tensor.storage
      let moved = storages[ObjectIdentifier(source)]?.moved ?? source.copied(to: device)
      storages[ObjectIdentifier(source)] = (source, moved)
      return Tensor(moved, offset: tensor.offset, shape: tensor.shape)
    }
  }

  /// The elements as little-endian Float32 bytes.
  package var littleEndianBytes: Data { unsafe values().withUnsafeBytes { unsafe Data($0) } }

  /// The rows of the last axis at `indices`, in this tensor's own format: moved, not converted.
  package func movedRows(_ indices: [Int32]) -> Tensor {
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < rowCount }, "a row outside of shape \(shape)")
    let moved = Storage(device, format, count: indices.count * columnCount)
    backend.moveRows(Address(moved), stored, indices, columns: columnCount)
    return Tensor(moved, offset: 0, shape: [indices.count, columnCount])
  }

  /// The same numbers as Float32, converted if they are stored in another format.
  package var float32: Tensor {
    guard format != .f32 else { return self }
    let (source, rows, columns) = (stored, rowCount, columnCount)
    return making(shape) {
      $0.decode(source, stride: columns, rows: rows, columns: columns, to: $1)
    }
  }

  /// The element at one index for each axis.
  public subscript(indices: Int...) -> Float {
    precondition(indices.count == shape.count, "\(indices.count) indices into shape \(shape)")
    var place = 0
    for (index, length) in zip(indices, shape) {
      precondition(index >= 0 && index < length, "index \(indices) outside of shape \(shape)")
      place = place * length + index
    }
    guard format == .f32 else { return float32.element(place) }
    return element(place)
  }

  /// One number of a Float32 tensor, fetched.
  private func element(_ place: Int) -> Float {
    var element: Float = 0
    unsafe withUnsafeMutableBytes(of: &element) { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe backend.download((address + place).bytes, to: base, byteCount: 4)
    }
    return element
  }

  /// Whether no element is infinite or NaN; converts a few rows at a time.
  package var isFinite: Bool {
    let matrix = reshaped([rowCount, columnCount])
    return stride(from: 0, to: rowCount, by: 1024).allSatisfy { first in
      let rows = matrix.slice(first..<min(first + 1024, rowCount)).float32
      return rows.backend.allFinite(rows.address, count: rows.count)
    }
  }
}

extension Tensor: Equatable {
  /// Whether shapes and numbers are the same, wherever they lie and however they are stored.
  public static func == (left: Tensor, right: Tensor) -> Bool {
    left.shape == right.shape && left.values() == right.values()
  }
}

// Windows -------------------------------------------------------------------------------------

extension Tensor {
  /// The same elements under another shape with as many elements.
  package func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) as \(shape)")
    return window(at: 0, shape: shape)
  }

  /// The blocks `range` of the outermost axis.
  package func slice(_ range: Range<Int>) -> Tensor {
    precondition(range.upperBound <= shape[0], "blocks \(range) of \(shape)")
    return window(
      at: range.lowerBound * shape.dropFirst().reduce(1, *),
      shape: [range.count] + shape.dropFirst())
  }

  /// One block of the outermost axis, without that axis.
  package func slice(block index: Int) -> Tensor {
    slice(index..<(index + 1)).reshaped(Array(shape.dropFirst()))
  }

  /// One row of the last axis, fetched.
  package func row(_ index: Int) -> [Float] {
    precondition(index >= 0 && index < rowCount, "row \(index) of \(shape)")
    return window(at: index * columnCount, shape: [columnCount]).values()
  }

  private func window(at start: Int, shape: [Int]) -> Tensor {
    Tensor(storage, offset: offset + start, shape: shape)
  }
}
