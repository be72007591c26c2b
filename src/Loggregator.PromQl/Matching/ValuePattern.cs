using System.Text;
using static Loggregator.PromQl.Matching.PatternNode;

namespace Loggregator.PromQl.Matching;

/// <summary>A label matcher's expression, with short cuts for the common ones: literals, prefixes, suffixes, anything at all.</summary>
internal sealed class ValuePattern
{
    private const int MaxLiterals = 1024;

    private readonly Func<string, bool> _isMatch;

    private ValuePattern(PatternNode root)
    {
        var literals = new HashSet<string>(StringComparer.Ordinal);
        if (TryLiterals(root, literals))
        {
            Literals = literals;
            _isMatch = literals.Contains;
        }
        else
        {
            _isMatch = Affixes(root) ?? Pattern.Compile(root).IsMatch;
        }
    }

    /// <summary>All texts that match, if the expression is but an alternation of them.</summary>
    public IReadOnlyCollection<string>? Literals { get; }

    /// <summary>Reads an expression or refuses it with a <see cref="PatternException"/>.</summary>
    public static ValuePattern Parse(string expression) => new(PatternParser.Parse(expression).Root);

    public bool IsMatch(string value) => _isMatch(value);

    private static bool TryLiterals(PatternNode node, HashSet<string> literals) => node switch
    {
        Alternate alternate => alternate.Choices.All(choice => TryLiterals(choice, literals)) && literals.Count <= MaxLiterals,
        Capture capture => TryLiterals(capture.Part, literals),
        Concat { Parts: [Alternate or Capture or Concat] } concat => TryLiterals(concat.Parts[0], literals),
        _ when Text(Parts(node)) is { } text => literals.Add(text) || true,
        _ => false,
    };

    /// <summary>A literal, then anything (or something) without a newline, then a literal.</summary>
    private static Func<string, bool>? Affixes(PatternNode node)
    {
        var parts = Parts(node);
        var gap = 0;
        while (gap < parts.Count && parts[gap] is Runes)
        {
            gap++;
        }

        if (gap == parts.Count || parts[gap] is not Repeat { Part: Runes any, Most: -1, Least: <= 1 } repeat
            || Text(parts.Take(gap)) is not { } prefix || Text(parts.Skip(gap + 1)) is not { } suffix)
        {
            return null;
        }

        var newline = any.Set.SameAs(RuneSet.Any);
        if (!newline && !any.Set.SameAs(RuneSet.AnyButNewline))
        {
            return null;
        }

        var least = prefix.Length + suffix.Length + repeat.Least;
        return value => value.Length >= least && value.StartsWith(prefix, StringComparison.Ordinal) && value.EndsWith(suffix, StringComparison.Ordinal)
            && (newline || !value.AsSpan(prefix.Length, value.Length - prefix.Length - suffix.Length).Contains('\n'));
    }

    private static IReadOnlyList<PatternNode> Parts(PatternNode node) => node is Concat concat ? concat.Parts : [node];

    private static string? Text(IEnumerable<PatternNode> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (part is not Runes { Set.Single: { } code } || !Rune.IsValid(code))
            {
                return null;
            }

            text.Append(new Rune(code).ToString());
        }

        return text.ToString();
    }
}
