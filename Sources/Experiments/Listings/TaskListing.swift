import Reports
import Tasks

extension Listing {
  /// The built-in tasks and the metrics.
  public static var tasks: Listing {
    var tasks = TextTable(["task": .left, "the model has to": .left])
    var models = TextTable(["task": .left, "metric": .left, "models that do it": .left])
    for task in BuiltInTasks.all {
      tasks.add(task.name, task.summary)
      models.add(task.name, task.metricName, task.doneBy)
    }
    var metrics = TextTable(["metric": .left, "measures": .left])
    for metric in Metrics.all { metrics.add(metric.name, metric.summary) }
    return Listing(TaskSummary(), .table(tasks), .table(models), .table(metrics))
  }
}

/// Tasks and metrics as programs read them.
private struct TaskSummary: Encodable, Sendable {
  struct Task: Encodable, Sendable {
    let name: String
    let summary: String
    let metric: String
    let doneBy: String
  }

  struct Metric: Encodable, Sendable {
    let name: String
    let summary: String
  }

  let tasks = BuiltInTasks.all.map {
    Task(name: $0.name, summary: $0.summary, metric: $0.metricName, doneBy: $0.doneBy)
  }
  let metrics = Metrics.all.map { Metric(name: $0.name, summary: $0.summary) }
}
