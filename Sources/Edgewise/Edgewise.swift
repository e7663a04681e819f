@_exported public import Evaluation
@_exported public import Graphs
@_exported public import Methods
@_exported public import Models
@_exported public import Reports
@_exported public import Tasks
@_exported public import Tensors
