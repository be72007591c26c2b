namespace Loggregator.PromQl.Syntax;

/// <summary>A place in a query, in characters.</summary>
/// <param name="Start">The first one.</param>
/// <param name="End">The one behind the last.</param>
public readonly record struct TextRange(int Start, int End)
{
    /// <summary>Line and column as Prometheus counts them: from 1, columns in bytes of UTF-8. An empty query has no places.</summary>
    public string Locate(string query)
    {
        if (query.Length == 0)
        {
            return "unknown position";
        }

        var before = query.AsSpan(0, Math.Clamp(Start, 0, query.Length));
        var column = System.Text.Encoding.UTF8.GetByteCount(before[(before.LastIndexOf('\n') + 1)..]) + 1;
        return $"{before.Count('\n') + 1}:{column}";
    }

    internal static TextRange From(TextRange first, TextRange last) => new(first.Start, last.End);
}
