namespace Loggregator.Load;

/// <summary>Something to watch: <c>NAME=TARGET</c> on the command line, or the target alone, which is then its own name.</summary>
internal readonly record struct NamedTarget(string Name, string Target)
{
    public static NamedTarget Parse(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? new NamedTarget(text, text) : new NamedTarget(text[..at], text[(at + 1)..]);
    }
}
