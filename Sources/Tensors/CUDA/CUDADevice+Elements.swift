/// The card's rows of ``Backend``: elements and rows.
extension CUDADevice: Backend {
  func decode(_ x: Address, stride: Int, rows: Int, columns: Int, to out: Address) {
    let format = x.storage.format
    launch(
      "ek_decode", .elements(rows * columns),
      [
        .address(out), .address(x), .int(format.kernelNumber), .int(rows),
        .int(format.byteCount(of: stride) ?? 0), .int(columns),
      ])
  }

  func addScaled(_ y: Address, _ x: Address, scale: Float, count: Int) {
    launch(
      "ek_add_scaled", .elements(count), [.address(y), .address(x), .float(scale), .int(count)])
  }

  func subtract(_ out: Address, _ x: Address, _ y: Address, count: Int) {
    launch(
      "ek_subtract", .elements(count), [.address(out), .address(x), .address(y), .int(count)])
  }

  func scale(_ x: Address, by factor: Float, count: Int) {
    launch("ek_scale", .elements(count), [.address(x), .float(factor), .int(count)])
  }

  func scaleRows(_ x: Address, by factors: [Float], columns: Int) {
    launch(
      "ek_scale_rows", .elements(factors.count * columns),
      [.address(x), .floats(factors), .int(factors.count), .int(columns)])
  }

  func scaleColumns(_ x: Address, by row: Address, rows: Int, columns: Int) {
    launch(
      "ek_scale_columns", .elements(rows * columns),
      [.address(x), .address(row), .int(rows), .int(columns)])
  }

  func scaleRows(_ x: Address, byDeviations statistics: Address, rows: Int, columns: Int) {
    launch(
      "ek_scale_by_deviations", .elements(rows * columns),
      [.address(x), .address(statistics), .int(rows), .int(columns)])
  }

  func addProjections(
    _ out: Address, on direction: Address, _ x: Address, _ y: Address, scale: Float, rows: Int,
    columns: Int, inner: Int
  ) {
    launch(
      "ek_add_projections", .rows(rows),
      [
        .address(out), .address(direction), .address(x), .address(y), .float(scale), .int(rows),
        .int(columns), .int(inner),
      ])
  }

  func addRow(_ x: Address, _ row: Address, rows: Int, columns: Int) {
    launch(
      "ek_add_row", .elements(rows * columns),
      [.address(x), .address(row), .int(rows), .int(columns)])
  }

  func sumRows(_ sums: Address, _ x: Address, rows: Int, columns: Int) {
    launch(
      "ek_sum_rows", .elements(columns), [.address(sums), .address(x), .int(rows), .int(columns)])
  }

  func accumulate(_ x: Address, into sums: Address, count: Int) {
    launch("ek_accumulate", .elements(count), [.address(sums), .address(x), .int(count)])
  }

  func allFinite(_ x: Address, count: Int) -> Bool {
    let flag = unsafe allocate(byteCount: 4)
    defer { unsafe deallocate(flag) }
    perform("Clearing") { unsafe driver.setBytes(flag, 0, 4, stream) }
    unsafe launch("ek_find_special", .elements(count), [.memory(flag), .address(x), .int(count)])
    var found: Int32 = 0
    unsafe withUnsafeMutableBytes(of: &found) { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe download(flag, to: base, byteCount: 4)
    }
    return found == 0
  }

  func gatherRows(_ out: Address, _ table: Address, _ indices: [Int32], columns: Int) {
    let format = table.storage.format
    launch(
      "ek_gather_rows", .elements(indices.count * columns),
      [
        .address(out), .address(table), .int(format.kernelNumber), .int32s(indices),
        .int(indices.count), .int(format.byteCount(of: columns) ?? 0), .int(columns),
      ])
  }

  func moveRows(_ out: Address, _ table: Address, _ indices: [Int32], columns: Int) {
    let bytes = table.storage.format.byteCount(of: columns) ?? 0
    launch(
      "ek_move_rows", .elements(indices.count * bytes),
      [.address(out), .address(table), .int32s(indices), .int(indices.count), .int(bytes)])
  }

  func scatterAddRows(_ table: Address, _ x: Address, _ indices: [Int32], columns: Int) {
    launch(
      "ek_scatter_add_rows", .elements(columns),
      [.address(table), .address(x), .int32s(indices), .int(indices.count), .int(columns)])
  }

  func replaceRows(_ table: Address, _ x: Address, _ indices: [Int32], columns: Int) {
    launch(
      "ek_replace_rows", .elements(indices.count * columns),
      [.address(table), .address(x), .int32s(indices), .int(indices.count), .int(columns)])
  }

  func sumGroups(_ out: Address, _ x: Address, rows: Int, groups: Int, group: Int, width: Int) {
    launch(
      "ek_sum_groups", .elements(rows * groups * width),
      [.address(out), .address(x), .int(rows), .int(groups), .int(group), .int(width)])
  }

  func transpose(_ out: Address, _ x: Address, rows: Int, columns: Int) {
    launch(
      "ek_transpose", .elements(rows * columns),
      [.address(out), .address(x), .int(rows), .int(columns)])
  }

  func addEntries(_ x: Address, _ places: [Int64], _ values: [Float]) {
    launch(
      "ek_add_entries", .elements(places.count),
      [.address(x), .int64s(places), .floats(values), .int(places.count)])
  }

  func rowProducts(_ x: Address, _ y: Address, rows: Int, columns: Int) -> [Double] {
    unsafe doubles(rows) {
      unsafe launch(
        "ek_row_products", .rows(rows),
        [.memory($0), .address(x), .address(y), .int(rows), .int(columns)])
    }
  }

  func rowDistances(_ x: Address, _ y: Address, rows: Int, places: Int, columns: Int) -> [Double] {
    unsafe doubles(rows) {
      unsafe launch(
        "ek_row_distances", .rows(rows),
        [.memory($0), .address(x), .address(y), .int(rows), .int(places), .int(columns)])
    }
  }
}

extension ElementFormat {
  /// As in the kernels' source.
  fileprivate var kernelNumber: Int {
    switch self {
    case .f64: 0
    case .f32: 1
    case .f16: 2
    case .bf16: 3
    case .q8_0: 4
    case .q4_0: 5
    case .q4_1: 6
    case .q5_0: 7
    case .q5_1: 8
    case .iq4_nl: 9
    case .q2_k: 10
    case .q3_k: 11
    case .q4_k: 12
    case .q5_k: 13
    case .q6_k: 14
    case .iq4_xs: 15
    }
  }
}
