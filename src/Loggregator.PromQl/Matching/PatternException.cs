namespace Loggregator.PromQl.Matching;

/// <summary>A text is no RE2 expression, or too large a one.</summary>
public sealed class PatternException(string message) : Exception("error parsing regexp: " + message);
