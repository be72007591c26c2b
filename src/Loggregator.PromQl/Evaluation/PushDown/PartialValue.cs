namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>One group at one step, as <see cref="PartialGroup"/> has it.</summary>
internal readonly record struct PartialValue(double Value, double Compensation, double Count);
