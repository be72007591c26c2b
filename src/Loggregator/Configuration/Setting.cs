namespace Loggregator.Configuration;

/// <summary>One value as somebody wrote it.</summary>
/// <param name="Key"><c>Section:Name</c>, or <c>Section:Name:Entry</c> for an entry of a map.</param>
/// <param name="Values">One text, or the items of a list.</param>
/// <param name="Origin">Where it was written, for messages: a file and line, a variable, a flag.</param>
internal sealed record Setting(string Key, IReadOnlyList<string> Values, string Origin);
