public import Foundation
public import Graphs

/// Circuits and scores in files of Edgewise and of other tools.
public enum CircuitFile {
  /// What a file holds.
  public struct Contents: Sendable {
    /// The circuit, if the file names one.
    public let circuit: Circuit?
    /// The scores of all edges, if the file has them or scores of nodes, which they then follow from.
    public let scores: EdgeScores?
    /// Whose file it is.
    public let format: String

    /// The graph that all of it is of.
    public var graph: ComputationGraph? { circuit?.graph ?? scores?.graph }

    /// Takes what was read.
    public init(circuit: Circuit?, scores: EdgeScores?, format: String) {
      self.circuit = circuit
      self.scores = scores
      self.format = format
    }
  }

  /// Reads a file that describes edges of a model.
  ///
  /// | file | format |
  /// |---|---|
  /// | `.json` | a circuit or importances of nodes of EAP-IG and MIB, or Edge Pruning's list of edges |
  /// | `.safetensors` | scores of Edgewise |
  /// | `.pt` | a graph of EAP-IG and MIB |
  /// | `.pth` | ACDC's `save_subgraph` |
  /// | `.pkl`, `.pickle` | ACDC's `save_edges` |
  ///
  /// Pickles are read as data; nothing in them is run. ACDC's connections inside of nodes are passed
  /// over, and its token and position embeddings are both `input`, as are Edge Pruning's.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - graphs: The model's graphs: first the one with a key and value reader for each head, which files that
  ///     name heads are about, then others. None reads files that say how large the model is, which those of
  ///     ACDC and Edge Pruning do not.
  /// - Returns: The circuit, the scores or both.
  /// - Throws: ``CircuitFileError``, which names the file.
  public static func read(
    _ url: URL, for graphs: [ComputationGraph]
  ) throws(CircuitFileError) -> Contents {
    do throws(CircuitFileProblem) {
      return try contents(url, graphs)
    } catch {
      throw CircuitFileError(file: url.path, problem: error)
    }
  }

  private static func contents(
    _ url: URL, _ graphs: [ComputationGraph]
  ) throws(CircuitFileProblem) -> Contents {
    if url.pathExtension.lowercased() == "safetensors" {
      let scores: EdgeScores?
      do { scores = try EdgeScores(safetensors: url) } catch { throw .malformed(error.detail) }
      guard let scores else {
        throw .malformed("expected scores, a tensor \"scores\" and its writers and readers")
      }
      let graph = try graphs.like(scores.graph)
      return Contents(
        circuit: nil, scores: EdgeScores(scores.values, graph: graph), format: "Edgewise")
    }
    let data: Data
    do { data = try RegularFile.contents(url) } catch { throw .unreadable(reason(of: error)) }
    guard !data.isEmpty else { throw .malformed("the file is empty") }
    do {
      if TorchArchive.recognises(data) {
        return try TorchArchive.read(data, file: url.path) { archive in
          GraphTensorFile.recognises(archive)
            ? try GraphTensorFile.contents(archive, graphs)
            : try ACDCFile.contents(archive.value, graphs.whole())
        }
      }
      if data.first == 0x80 {
        return try Unpickler.read(data, file: url.path) { value in
          try ACDCFile.contents(value, graphs.whole())
        }
      }
    } catch let error as CheckpointError {
      throw .malformed(error.detail)
    } catch let problem as CircuitFileProblem {
      throw problem
    } catch {
      throw .malformed("\(error)")
    }
    let isList = data.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
    return isList
      ? try EdgePruningFile.contents(data, graphs) : try EAPFile.contents(data, graphs)
  }
}

/// Why a file's circuit or scores cannot be used: one file and what is wrong with it.
public struct CircuitFileError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let file: String
  /// What is wrong with it.
  public let problem: CircuitFileProblem

  /// One sentence for the user.
  public var description: String { "\(file): \(problem.sentence)" }
}

/// Something that is wrong with a circuit's file.
public enum CircuitFileProblem: Error, Equatable, Sendable {
  /// The file cannot be opened.
  case unreadable(String)
  /// Something is not written as the format demands.
  case malformed(String)
  /// The sizes that the file states are impossible.
  case badSizes(String)
  /// A score is not a finite number.
  case badScore(edge: String)
  /// An edge or node is not one of the model's, of which is said what it has.
  case unknown(String, has: String)
  /// The file is about a model of other sizes.
  case otherModel(expected: String, found: String)
  /// The file does not say how large its model is, and no model was given.
  case needsModel

  var sentence: String {
    switch self {
    case .unreadable(let reason): "the file cannot be read: \(reason)."
    case .malformed(let what): "\(what)."
    case .badSizes(let found):
      """
      the circuit's cfg should have 1 to \(SizeLimit.nodes) layers and heads, at most \(SizeLimit.matrix) pairs of a \
      writer and a reader, and a positive d_model, found \(found).
      """
    case .badScore(let edge): "the score of edge \"\(edge.shortened)\" is not a finite number."
    case .unknown(let name, let sizes):
      """
      the file names \"\(name.shortened)\", which a model of \(sizes) does not have; is it a circuit of another one?
      """
    case .otherModel(let expected, let found):
      "the file is about a model of \(found), but this one has \(expected)."
    case .needsModel:
      "files of ACDC and Edge Pruning do not say how large their model is; name the model."
    }
  }
}

extension CheckpointError {
  /// What is wrong, without the file and the full stop.
  fileprivate var detail: String {
    let text =
      description.hasPrefix(file + ": ")
      ? String(description.dropFirst(file.count + 2)) : description
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}

extension [ComputationGraph] {
  /// The one of a model's graphs whose keys and values are grouped as in another graph.
  ///
  /// What couples heads is taken from the model: most files do not say it.
  ///
  /// - Throws: ``CircuitFileProblem/otherModel(expected:found:)`` when all of them differ in more.
  func like(_ other: ComputationGraph) throws(CircuitFileProblem) -> ComputationGraph {
    guard !isEmpty else { return other }
    // Files of scores need not say how wide the residual stream is.
    if let own = first(where: {
      other.isAlike($0) && (other.dModel == $0.dModel || other.dModel == 1)
    }) {
      return own
    }
    throw .otherModel(expected: self[0].sizes, found: other.sizes)
  }

  /// The graph with a key and value reader for each head, for a file that does not say its sizes.
  func whole() throws(CircuitFileProblem) -> ComputationGraph {
    guard let first else { throw .needsModel }
    return first
  }
}

/// What a file of names may make us allocate; larger graphs travel as safetensors.
enum SizeLimit {
  static let nodes = 4096
  static let matrix = 1 << 25
}

extension ComputationGraph {
  /// The graph of stated sizes.
  ///
  /// Where nothing says whether layers have MLPs (`hasMLPs` is nil), they have none only if the writers that are listed,
  /// no MLP among them, are as many as all heads and the input.
  ///
  /// - Throws: ``CircuitFileProblem/badSizes(_:)`` for sizes that no model has.
  init(
    statedLayers layers: Int?, heads: Int?, isParallel: Bool, dModel: Int?, keys: Int? = nil,
    hasMLPs: Bool? = nil, listing listed: Int, coupling: HeadCoupling = .none
  ) throws(CircuitFileProblem) {
    let known = 1...SizeLimit.nodes
    let said = { (number: Int?) in number.map(String.init) ?? "nothing" }
    let problem = CircuitFileProblem.badSizes(
      "n_layers \(said(layers)), n_heads \(said(heads)), d_model \(said(dModel))")
    guard let layers, let heads, known.contains(layers), known.contains(heads), dModel ?? 1 > 0
    else { throw problem }
    self.init(
      layerCount: layers, headCount: heads, keyValueReaderCount: keys, isParallel: isParallel,
      hasMLPs: hasMLPs ?? (listed != 1 + layers * heads), headCoupling: coupling,
      dModel: dModel ?? 1)
    guard writerCount * readerCount <= SizeLimit.matrix else { throw problem }
  }

  fileprivate func isAlike(_ other: ComputationGraph) -> Bool {
    layerCount == other.layerCount && headCount == other.headCount
      && keyValueReaderCount == other.keyValueReaderCount && isParallel == other.isParallel
      && hasMLPs == other.hasMLPs
  }

  /// Its sizes, as part of a sentence.
  var sizes: String {
    """
    \(layerCount) layers, \(headCount) heads, \(keyValueReaderCount) key readers, d_model \(dModel)\
    \(isParallel ? ", parallel" : "")\(hasMLPs ? "" : ", no MLPs")
    """
  }
}
