public import Foundation
public import Graphs

/// Circuits and scores in files of Edgewise and of other tools.
public enum CircuitFile {
  /// What a file holds.
  public struct Contents: Sendable {
    /// The circuit, if the file names one.
    public let circuit: Circuit?
    /// The scores of all edges, if the file has them.
    public let scores: EdgeScores?
    /// Whose file it is.
    public let format: String

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
  /// | `.json` | a circuit of EAP-IG and MIB, or Edge Pruning's list of edges |
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
    if url.pathExtension == "safetensors" {
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
          archive.value["edges_scores"] == nil
            ? try ACDCFile.contents(archive.value, graphs.whole())
            : try GraphTensorFile.contents(archive, graphs)
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
    return try json(data, graphs)
  }

  private static func json(
    _ data: Data, _ graphs: [ComputationGraph]
  ) throws(CircuitFileProblem) -> Contents {
    let decoder = JSONDecoder()
    if let pairs = try? decoder.decode([[String]].self, from: data) {
      return try EdgePruningFile.contents(pairs, graphs.whole())
    }
    // Python writes NaN and Infinity, which are not JSON; they are read to name the edge.
    decoder.allowsJSON5 = true
    let document: CircuitDocument
    do {
      document = try decoder.decode(CircuitDocument.self, from: data)
    } catch {
      throw .malformed(
        """
        expected a circuit in EAP-IG's JSON, with \"cfg\", \"nodes\" and \"edges\", or Edge Pruning's \
        list of pairs\(place(of: error))
        """)
    }
    let circuit: Circuit
    let scores: EdgeScores?
    do throws(CircuitFormatError) {
      circuit = try document.circuit()
      scores = try document.scores()
    } catch {
      throw .format(error)
    }
    let graph = try graphs.like(circuit.graph)
    return Contents(
      circuit: Circuit(circuit.edges, graph: graph),
      scores: scores.map { EdgeScores($0.values, graph: graph) }, format: "EAP-IG")
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
  /// The file's sizes, names or scores do not describe a circuit.
  case format(CircuitFormatError)
  /// A node is not one of the model's.
  case unknownNode(String)
  /// The file is about a model of other sizes.
  case otherModel(expected: String, found: String)
  /// The file does not say how large its model is, and no model was given.
  case needsModel

  var sentence: String {
    switch self {
    case .unreadable(let reason): "the file cannot be read: \(reason)."
    case .malformed(let what): "\(what)."
    case .format(let error): error.description
    case .unknownNode(let name):
      "the file names \"\(name.shortened)\", which is not a node of this model; is it a circuit of another one?"
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
  fileprivate func whole() throws(CircuitFileProblem) -> ComputationGraph {
    guard let first else { throw .needsModel }
    return first
  }
}

extension ComputationGraph {
  fileprivate func isAlike(_ other: ComputationGraph) -> Bool {
    layerCount == other.layerCount && headCount == other.headCount
      && keyValueReaderCount == other.keyValueReaderCount && isParallel == other.isParallel
      && hasMLPs == other.hasMLPs
  }

  fileprivate var sizes: String {
    """
    \(layerCount) layers, \(headCount) heads, \(keyValueReaderCount) key readers, d_model \(dModel)\
    \(isParallel ? ", parallel" : "")
    """
  }
}
