// swift-tools-version: 6.3
import PackageDescription

/// What every Swift target is built with.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A library module and its tests.
func module(_ name: String, _ dependencies: Target.Dependency...) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, swiftSettings: settings),
    .testTarget(
      name: name + "Tests",
      dependencies: [.target(name: name), "Edgewise", "TestSupport"],
      swiftSettings: settings),
  ]
}

let package = Package(
  name: "Edgewise",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Edgewise", targets: ["Edgewise"]),
    .executable(name: "edgewise", targets: ["EdgewiseCommand"]),
  ],
  dependencies: [
    // Parses the command line and writes `--help`.
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    // The priority queue of greedy selection and of merging tokens.
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    // Builds the documentation, with warnings as errors.
    .package(url: "https://github.com/swiftlang/swift-docc-plugin.git", from: "1.5.0"),
  ],
  targets: [
    // The matrix product of oneDNN (Debian: libdnnl-dev); Apple platforms use Accelerate instead.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
    // SHA-256 (Debian: libssl-dev); Apple platforms use CryptoKit instead. swift-crypto would compile
    // all of BoringSSL for it, half of a first build.
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    // HTTPS, with ranges and redirections, for fetching models (Debian: libcurl4-openssl-dev; part of Apple's systems).
    // A client in Swift would bring SwiftNIO and BoringSSL, minutes of each first build. The header holds a function for
    // each type of option, since Swift calls no variadic ones.
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    // Element-wise kernels in C, compiled for several CPUs and chosen at run time. Threads are
    // Dispatch's; libgomp, which oneDNN runs on, is only told to use one thread.
    .target(
      name: "CKernels",
      linkerSettings: [
        .linkedLibrary("m", .when(platforms: [.linux])),
        .linkedLibrary("gomp", .when(platforms: [.linux])),
        .linkedLibrary("dispatch", .when(platforms: [.linux])),
      ]),
    // The kernels of NVIDIA cards, as source that their run-time compiler takes: nothing of CUDA is needed here.
    .target(name: "CUDAKernels", exclude: ["kernels"]),
  ]
    + module(
      "Tensors", "CKernels", "CUDAKernels",
      .target(name: "COneDNN", condition: .when(platforms: [.linux])))
    + module("Hashing", .target(name: "CCrypto", condition: .when(platforms: [.linux])))
    + module("Graphs", .product(name: "HeapModule", package: "swift-collections"))
    + module("Files", "Graphs", "Tensors")
    + module("Hub", "Files", "Graphs", "Hashing", "CCurl")
    + module("Engine", "Graphs", "Tensors")
    + module(
      "Models", "Engine", "Files", "Graphs", "Tensors",
      .product(name: "HeapModule", package: "swift-collections"))
    + module("Tasks", "Models", "Engine", "Files", "Graphs", "Tensors")
    + module("Methods", "Tasks", "Models", "Engine", "Files", "Graphs", "Tensors")
    + module("Evaluation", "Tasks", "Models", "Engine", "Graphs", "Tensors")
    + module("Reports", "Evaluation", "Graphs")
    + module(
      "Experiments", "Reports", "Evaluation", "Methods", "Tasks", "Models", "Engine", "Hub",
      "Files",
      "Hashing", "Graphs", "Tensors")
    + [
      .target(
        name: "Edgewise",
        dependencies: [
          "Experiments", "Reports", "Evaluation", "Methods", "Tasks", "Models", "Engine", "Files",
          "Graphs",
          "Tensors",
        ],
        swiftSettings: settings),
      .executableTarget(
        name: "EdgewiseCommand",
        dependencies: [
          "Edgewise",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: settings, plugins: ["CommitNote"]),
      // Tells the command which commit it is built from.
      .plugin(name: "CommitNote", capability: .buildTool()),
      // Ratios inside one run: `swift run -c release edgewise-benchmarks`.
      .executableTarget(
        name: "edgewise-benchmarks", dependencies: ["Edgewise", "DeviceCases"], path: "Benchmarks",
        swiftSettings: settings),
      // Reads files that went wrong: `swift run -c release edgewise-fuzz 60`.
      .executableTarget(
        name: "edgewise-fuzz", dependencies: ["Edgewise", "Tensors"], path: "Fuzzing",
        swiftSettings: settings),
    ]
    // Holds a card to the processor: `Scripts/gpu-check.sh`.
    + [
      .executableTarget(
        name: "edgewise-gpu-check", dependencies: ["Edgewise", "DeviceCases"], path: "Checks",
        swiftSettings: settings)
    ]
    // See of Edgewise what another package would: `swift run -c release CustomMetric`.
    + ["BlindSpots", "CustomMetric", "CustomMethod", "Quickstart", "RunningExperiments"].map {
      name in
      .executableTarget(
        name: name, dependencies: ["Edgewise"],
        path: "Examples/\(name)", packageAccess: false, swiftSettings: settings)
    }
    + [
      // NVIDIA's driver, compiler and BLAS on the processor, with the very kernels that cards run.
      .target(name: "FakeCUDA", path: "Tests/FakeCUDA"),
      // What every device must compute as the processor does: for tests, and for checks of a real card.
      .target(
        name: "DeviceCases", dependencies: ["Edgewise"], path: "Tests/DeviceCases",
        swiftSettings: settings),
      .target(
        name: "TestSupport", dependencies: ["Edgewise", "FakeCUDA", "DeviceCases"],
        path: "Tests/TestSupport", swiftSettings: settings),
      .testTarget(
        name: "CommandTests", dependencies: ["Edgewise", "TestSupport", "EdgewiseCommand"],
        swiftSettings: settings),
    ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
