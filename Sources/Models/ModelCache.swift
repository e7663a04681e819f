public import Foundation
import Tensors

/// Where fetched models are kept.
public enum ModelCache {
  /// `EDGEWISE_CACHE`, or `edgewise` in `XDG_CACHE_HOME` or else in `~/.cache`.
  public static var directory: URL { CacheDirectory.url }

  /// Where a fetched model's file lies, whether it is there or not.
  public static func file(named name: String) -> URL { directory.appending(path: name) }
}
