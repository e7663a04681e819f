import Foundation

/// A value of Python's pickle format, read without running anything.
///
/// Calls of functions and classes are kept by name; nothing is looked up or executed. Collections are
/// references, since others may refer to them before they are filled.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case tuple(Box)
  /// A list or set.
  case list(Box)
  /// A dictionary: its items are keys and values in turn.
  case dictionary(Box)
  /// A class or function, `module.name`.
  case global(String)
  /// What a call of a class or function would have made.
  case object(Box)
  /// Something that is kept outside of the pickle, such as a tensor's storage.
  case persistent(Box)

  /// What a value holds.
  final class Box {
    /// The items of a collection, or what was added to an object.
    var items: [PickleValue]
    /// Of an object, the class or function that was called.
    let callable: String
    /// Of an object, what it was called with.
    var arguments: [PickleValue]
    /// Of an object, its fields.
    var state: PickleValue?
    /// Of a dictionary, its values by those keys that are texts; many others may hold the same one.
    lazy var fields: [String: PickleValue] = Dictionary(
      stride(from: 0, to: items.count - 1, by: 2).compactMap { place in
        items[place].text.map { ($0, items[place + 1]) }
      }, uniquingKeysWith: { $1 })
    /// Whether it is an object that is filled as a dictionary is.
    var isDictionary: Bool { callable.hasSuffix("Dict") }

    init(_ items: [PickleValue] = [], callable: String = "", arguments: [PickleValue] = []) {
      self.items = items
      self.callable = callable
      self.arguments = arguments
    }
  }
}

extension PickleValue {
  /// The items of a tuple or list; nil for anything else.
  var items: [PickleValue]? {
    switch self {
    case .tuple(let box), .list(let box): box.items
    default: nil
    }
  }

  /// The keys and values of a dictionary, ordered or plain; nil for anything else.
  var entries: [(key: PickleValue, value: PickleValue)]? {
    let flat: [PickleValue]
    switch self {
    case .dictionary(let box): flat = box.items
    case .object(let box) where box.isDictionary: flat = box.items
    default: return nil
    }
    return stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], flat[$0 + 1]) }
  }

  /// The value of a key that is a text.
  subscript(key: String) -> PickleValue? { fields?[key] }

  private var fields: [String: PickleValue]? {
    switch self {
    case .dictionary(let box): box.fields
    case .object(let box) where box.isDictionary: box.fields
    default: nil
    }
  }

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
