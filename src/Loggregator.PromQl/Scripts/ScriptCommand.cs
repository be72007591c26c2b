namespace Loggregator.PromQl.Scripts;

/// <summary>A command of a script.</summary>
/// <param name="Line">Its line, from 1.</param>
internal abstract record ScriptCommand(int Line)
{
    /// <summary>Forgets all series.</summary>
    public sealed record Clear(int Line) : ScriptCommand(Line);

    /// <summary>Adds series with a sample every <paramref name="Step"/> milliseconds from 0 on.</summary>
    public sealed record Load(int Line, long Step, IReadOnlyList<SeriesNotation> Series, bool WithCustomBuckets) : ScriptCommand(Line);

    /// <summary>Evaluates and compares.</summary>
    public sealed record Eval(int Line, string Expression, long Start, long End, long Step, bool IsRange, Expectation Expected) : ScriptCommand(Line);
}
