import Foundation

/// A value of Python's pickle format, read without running anything.
///
/// Calls of functions and classes are kept as ``Object``, by name; nothing is looked up or executed.
indirect enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case tuple([PickleValue])
  /// A list or set; filled after it was made, so others may refer to it.
  case list(Box)
  /// A dictionary: its items are keys and values in turn.
  case dictionary(Box)
  /// A class or function, `module.name`.
  case global(String)
  /// What a call of a class or function would have made.
  case object(Object)
  /// Something that is kept outside of the pickle, such as a tensor's storage.
  case persistent([PickleValue])

  final class Box {
    var items: [PickleValue] = []
  }

  final class Object {
    let callable: String
    let arguments: [PickleValue]
    var state: PickleValue?
    /// Keys and values in turn, of a dictionary that is no plain one, or items of a list.
    var items: [PickleValue] = []

    init(callable: String, arguments: [PickleValue]) {
      self.callable = callable
      self.arguments = arguments
    }
  }
}

extension PickleValue {
  /// The items of a tuple or list; nil for anything else.
  var items: [PickleValue]? {
    switch self {
    case .tuple(let items): items
    case .list(let box): box.items
    default: nil
    }
  }

  /// The keys and values of a dictionary, ordered or plain; nil for anything else.
  var entries: [(key: PickleValue, value: PickleValue)]? {
    let flat: [PickleValue]
    switch self {
    case .dictionary(let box): flat = box.items
    case .object(let object) where object.callable.hasSuffix("Dict"): flat = object.items
    default: return nil
    }
    return stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], flat[$0 + 1]) }
  }

  /// The value of a key that is a text.
  subscript(key: String) -> PickleValue? { entries?.last { $0.key.text == key }?.value }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
  var number: Double? {
    switch self {
    case .number(let number): number
    case .integer(let integer): Double(integer)
    default: nil
    }
  }
}
