namespace Loggregator.PromQl.Matching;

/// <summary>The flags of <c>(?imsU)</c>.</summary>
[Flags]
internal enum PatternFlags
{
    None = 0,
    IgnoreCase = 1,
    MultiLine = 2,
    DotNewline = 4,
    Ungreedy = 8,
}
