internal import CKernels

extension CPUBackend {
  func addScaled(_ y: Address, _ x: Address, scale: Float, count: Int) {
    unsafe ek_add_scaled(y.floats, x.floats, scale, Int64(count))
  }

  func subtract(_ out: Address, _ x: Address, _ y: Address, count: Int) {
    unsafe ek_subtract(out.floats, x.floats, y.floats, Int64(count))
  }

  func scale(_ x: Address, by factor: Float, count: Int) {
    unsafe ek_scale(x.floats, factor, Int64(count))
  }

  func scaleRows(_ x: Address, by factors: [Float], columns: Int) {
    unsafe ek_scale_rows(x.floats, factors, Int64(factors.count), Int64(columns))
  }

  func scaleColumns(_ x: Address, by row: Address, rows: Int, columns: Int) {
    unsafe ek_scale_columns(x.floats, row.floats, Int64(rows), Int64(columns))
  }

  func scaleRows(_ x: Address, byDeviations statistics: Address, rows: Int, columns: Int) {
    unsafe ek_scale_by_deviations(x.floats, statistics.floats, Int64(rows), Int64(columns))
  }

  func addProjections(
    _ out: Address, on direction: Address, _ x: Address, _ y: Address, scale: Float, rows: Int,
    columns: Int, inner: Int
  ) {
    unsafe ek_add_projections(
      out.floats, direction.floats, x.floats, y.floats, scale, Int64(rows), Int64(columns),
      Int64(inner))
  }

  func addRow(_ x: Address, _ row: Address, rows: Int, columns: Int) {
    unsafe ek_add_row(x.floats, row.floats, Int64(rows), Int64(columns))
  }

  func sumRows(_ sums: Address, _ x: Address, rows: Int, columns: Int) {
    unsafe ek_sum_rows(sums.floats, x.floats, Int64(rows), Int64(columns))
  }

  func accumulate(_ x: Address, into sums: Address, count: Int) {
    unsafe ek_accumulate(sums.doubles, x.floats, Int64(count))
  }

  func allFinite(_ x: Address, count: Int) -> Bool {
    unsafe ek_all_finite(x.floats, Int64(count))
  }

  func gatherRows(_ out: Address, _ table: Address, _ indices: [Int32], columns: Int) {
    unsafe ek_gather_rows(
      out.floats, table.bytes, table.storage.format.kernelFormat, indices, Int64(indices.count),
      Int64(table.storage.format.byteCount(of: columns) ?? 0), Int64(columns))
  }

  func moveRows(_ out: Address, _ table: Address, _ indices: [Int32], columns: Int) {
    unsafe ek_move_rows(
      out.bytes, table.bytes, indices, Int64(indices.count),
      Int64(table.storage.format.byteCount(of: columns) ?? 0))
  }

  func scatterAddRows(_ table: Address, _ x: Address, _ indices: [Int32], columns: Int) {
    unsafe ek_scatter_add_rows(
      table.floats, x.floats, indices, Int64(indices.count), Int64(columns))
  }

  func replaceRows(_ table: Address, _ x: Address, _ indices: [Int32], columns: Int) {
    unsafe ek_replace_rows(table.floats, x.floats, indices, Int64(indices.count), Int64(columns))
  }

  func sumGroups(_ out: Address, _ x: Address, rows: Int, groups: Int, group: Int, width: Int) {
    unsafe ek_sum_groups(
      out.floats, x.floats, Int64(rows), Int64(groups), Int64(group), Int64(width))
  }

  func transpose(_ out: Address, _ x: Address, rows: Int, columns: Int) {
    unsafe ek_transpose(out.floats, x.floats, Int64(rows), Int64(columns))
  }

  func addEntries(_ x: Address, _ places: [Int64], _ values: [Float]) {
    unsafe ek_add_entries(x.floats, places, values, Int64(places.count))
  }

  func rowProducts(_ x: Address, _ y: Address, rows: Int, columns: Int) -> [Double] {
    var products = [Double](repeating: 0, count: rows)
    unsafe ek_row_products(&products, x.floats, y.floats, Int64(rows), Int64(columns))
    return products
  }

  func rowDistances(_ x: Address, _ y: Address, rows: Int, places: Int, columns: Int) -> [Double] {
    var distances = [Double](repeating: 0, count: rows)
    unsafe ek_row_distances(
      &distances, x.floats, y.floats, Int64(rows), Int64(places), Int64(columns))
    return distances
  }
}
