using System.Text;
using System.Text.RegularExpressions;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// A condition on one label, as Prometheus has them: a label that is not there is the empty text, a regular expression matches all of the text.
/// Labels are <c>__name__</c>, <c>source_id</c>, <c>instance_id</c> and the tags. Any thread.
/// </summary>
public sealed class LabelMatcher
{
    /// <summary>Labels that are not tags, and override a tag of their name.</summary>
    public const string MetricName = "__name__", SourceId = "source_id", InstanceId = "instance_id";

    private const int MaxPattern = 4096, UsualText = 256;
    private readonly byte[] _text;
    private readonly Regex? _pattern;

    /// <summary>A condition.</summary>
    /// <exception cref="ArgumentException">The regular expression is none, is too long, or needs backtracking.</exception>
    public LabelMatcher(string label, MatchOperator comparison, string text)
    {
        ArgumentNullException.ThrowIfNull(label);
        ArgumentNullException.ThrowIfNull(text);
        (Label, Utf8Label, Comparison, _text) = (label, Encoding.UTF8.GetBytes(label), comparison, Encoding.UTF8.GetBytes(text));
        if (comparison is MatchOperator.Regex or MatchOperator.NotRegex)
        {
            _pattern = Compile(label, text);
        }
    }

    /// <summary>The label that it looks at.</summary>
    public string Label { get; }

    /// <summary>How.</summary>
    public MatchOperator Comparison { get; }

    internal ReadOnlySpan<byte> Text => _text;

    internal byte[] Utf8Label { get; }

    /// <summary>Whether this text of the label, empty if there is no such label, will do.</summary>
    public bool Matches(ReadOnlySpan<byte> value) => Comparison switch
    {
        MatchOperator.Equal => value.SequenceEqual(_text),
        MatchOperator.NotEqual => !value.SequenceEqual(_text),
        MatchOperator.Regex => IsMatch(value),
        _ => !IsMatch(value),
    };

    private static Regex Compile(string label, string text)
    {
        if (text.Length > MaxPattern)
        {
            throw new ArgumentException($"The regular expression for {label} has {text.Length} characters. Give at most {MaxPattern}.");
        }

        try
        {
            _ = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant); // by itself: a parenthesis may not close ours
            return new Regex($@"\A(?:{text})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"The regular expression for {label} cannot be used: {exception.Message}", exception);
        }
    }

    private bool IsMatch(ReadOnlySpan<byte> value)
    {
        var text = value.Length <= UsualText ? stackalloc char[UsualText] : new char[value.Length];
        return _pattern!.IsMatch(text[..Encoding.UTF8.GetChars(value, text)]);
    }
}
