namespace Loggregator.Nozzle.Settings;

/// <summary>Marks a list whose values may hold commas: each value that is given is one of it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class WholeValuesAttribute : Attribute;
