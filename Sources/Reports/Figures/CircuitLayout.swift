import Graphs

/// Where the nodes of a drawn circuit stand.
///
/// Heads have a column for each index that the circuit has, MLPs one on the right; `input` and
/// `logits` are the lowest and the highest row.
struct CircuitLayout {
  /// The nodes of each row from the bottom; nil is `logits`.
  let rows: [[Writer?]]
  /// The width of the drawing.
  let width: Double
  /// The height of the drawing.
  private(set) var height = 0.0

  static let nodeHeight = 18.0
  private static let labelWidth = 112.0
  private static let mlpWidth = 44.0
  /// Room on the right for edges that bow from MLP to MLP.
  private static let bowWidth = 64.0
  private static let margin = 16.0

  private let graph: ComputationGraph
  private let columns: [Int: Int]
  private let pitch: Double
  private let rowHeight: Double
  private var rowOfNode: [Writer?: Int] = [:]

  init(_ circuit: Circuit) {
    graph = circuit.graph
    let members = circuit.writers
    rows = Self.rows(members)
    for (row, nodes) in rows.enumerated() {
      for node in nodes { rowOfNode[node] = row }
    }
    let indices = Set(
      members.compactMap { if case .head(_, let index) = $0 { index } else { nil } }
    ).sorted()
    columns = Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
    let count = Double(max(indices.count, 1))
    let space = max(700, 28 * count)
    pitch = space / count
    width = Self.labelWidth + space + Self.mlpWidth + Self.bowWidth + 2 * Self.margin
    // A page cannot be as high as a deep model would like; below 30 edges have no room to bend.
    rowHeight = min(52, max(30, 1500 / Double(rows.count)))
  }

  /// The layout with its rows below a heading.
  func placed(below top: Double) -> CircuitLayout {
    var placed = self
    placed.height =
      (top + Double(rows.count - 1) * rowHeight + Self.nodeHeight + Self.margin).rounded(.up)
    return placed
  }

  private static func rows(_ members: [Writer]) -> [[Writer?]] {
    var rows: [[Writer?]] = [[.input]]
    var last: (layer: Int, isMLP: Bool)?
    for writer in members {
      let (layer, isMLP): (Int, Bool)
      switch writer {
      case .input: continue
      case .head(let own, _): (layer, isMLP) = (own, false)
      case .mlp(let own): (layer, isMLP) = (own, true)
      }
      if let last, last == (layer, isMLP) {
        rows[rows.count - 1].append(writer)
      } else {
        rows.append([writer])
      }
      last = (layer, isMLP)
    }
    return rows + [[nil]]
  }

  /// The top of a row's nodes.
  func y(ofRow row: Int) -> Double {
    height - Self.margin - Self.nodeHeight - Double(row) * rowHeight
  }

  /// A node's rectangle; nil for one that is not drawn.
  func frame(of node: Writer?) -> Figure.Frame? {
    guard let row = rowOfNode[node] else { return nil }
    let left = Self.margin + Self.labelWidth
    let space = pitch * Double(max(columns.count, 1))
    let (middle, width): (Double, Double) =
      switch node {
      case .head(_, let index):
        (left + (Double(columns[index] ?? 0) + 0.5) * pitch, min(max(pitch - 4, 24), 54))
      case .mlp: (left + space + Self.mlpWidth / 2, Self.mlpWidth)
      case .input, nil: (left + space / 2, 90)
      }
    return Figure.Frame(
      minX: middle - width / 2, minY: y(ofRow: row), width: width, height: Self.nodeHeight)
  }

  /// Where edges into a reader end: its port below each node that reads through it.
  func ends(of reader: Reader) -> [Figure.Place] {
    let ports: [(Writer?, Double)] =
      switch reader {
      case .logits: [(nil, 0)]
      case .mlp(let layer): [(.mlp(layer: layer), 0)]
      case .head(let layer, _, let projection):
        graph.heads(readingThrough: reader).map {
          (.head(layer: layer, index: $0), projection == .query ? -1 : projection == .key ? 0 : 1)
        }
      }
    return ports.compactMap { node, side in
      frame(of: node).map {
        Figure.Place($0.minX + $0.width / 2 + side * $0.width / 3, $0.maxY)
      }
    }
  }

  /// How far an edge is pulled to the right: one straight up would hide behind the nodes between its ends.
  func bow(from start: Figure.Place, to end: Figure.Place) -> Double {
    let length = start.y - end.y
    guard abs(start.x - end.x) < 20, length > rowHeight else { return 0 }
    // Longer edges pass outside of shorter ones.
    return 30 + 50 * length / height
  }
}
