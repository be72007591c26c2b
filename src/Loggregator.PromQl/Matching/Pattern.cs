using System.Text;
using System.Text.RegularExpressions;

namespace Loggregator.PromQl.Matching;

/// <summary>A compiled RE2 expression, anchored at both ends; matching takes time linear in the text.</summary>
internal sealed class Pattern
{
    private readonly Regex _regex;
    private readonly IReadOnlyList<string> _groups;

    private Pattern(PatternNode root, IReadOnlyList<string> groups)
    {
        _groups = groups;
        try
        {
            _regex = new Regex($"\\A(?:{PatternWriter.Write(root)})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            throw new PatternException("expression too large");
        }
    }

    /// <summary>Compiles an expression or refuses it with a <see cref="PatternException"/>.</summary>
    public static Pattern Compile(string expression)
    {
        var (root, groups) = PatternParser.Parse(expression);
        return new Pattern(root, groups);
    }

    public static Pattern Compile(PatternNode root) => new(root, []);

    public bool IsMatch(string text) => _regex.IsMatch(text);

    /// <summary>
    /// The template with <c>$1</c>, <c>${name}</c> and the like replaced by what their groups matched, "" for groups that did not or are not; <c>$$</c> is a
    /// dollar. Null when the text does not match.
    /// </summary>
    public string? Expand(string text, string template)
    {
        var match = _regex.Match(text);
        if (!match.Success)
        {
            return null;
        }

        var expanded = new StringBuilder();
        for (var i = 0; i < template.Length;)
        {
            if (template[i] != '$')
            {
                expanded.Append(template[i++]);
            }
            else if (i + 1 < template.Length && template[i + 1] == '$')
            {
                expanded.Append('$');
                i += 2;
            }
            else if (TryName(template, i + 1, out var name, out var end))
            {
                expanded.Append(Group(match, name));
                i = end;
            }
            else
            {
                expanded.Append(template[i++]);
            }
        }

        return expanded.ToString();
    }

    private static bool TryName(string template, int start, out string name, out int end)
    {
        var braced = start < template.Length && template[start] == '{';
        var at = end = braced ? start + 1 : start;
        while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
        {
            end++;
        }

        name = template[at..end];
        var closed = !braced || (end < template.Length && template[end] == '}');
        end += braced ? 1 : 0;
        return name.Length > 0 && closed;
    }

    private string Group(Match match, string name)
    {
        if (name.All(char.IsAsciiDigit))
        {
            return name.Length <= 8 && (name.Length == 1 || name[0] != '0') && int.Parse(name, System.Globalization.CultureInfo.InvariantCulture) is var number && number <= _groups.Count
                ? match.Groups[number].Value : "";
        }

        for (var i = 0; i < _groups.Count; i++)
        {
            if (_groups[i] == name)
            {
                return match.Groups[i + 1].Value;
            }
        }

        return "";
    }
}
