using System.Text.RegularExpressions;

namespace Loggregator.Terminal;

/// <summary>Which messages are printed, and what in them is highlighted.</summary>
internal sealed class LineFilter(Regex[] include, Regex[] exclude, Regex[] highlight)
{
    /// <summary>Everything passes, nothing is highlighted.</summary>
    public static readonly LineFilter None = new([], [], []);

    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>Compiles an expression such that no message can make it run for long.</summary>
    /// <exception cref="ArgumentException">It is not a regular expression.</exception>
    public static Regex Compile(string expression)
    {
        try
        {
            return new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(expression, RegexOptions.CultureInvariant, MatchTimeout); // look-around and back references
        }
    }

    /// <summary>Whether a message is printed: any of the includes, none of the excludes.</summary>
    public bool Passes(string message) => (include.Length == 0 || Any(include, message)) && !Any(exclude, message);

    /// <summary>The message with its highlights in inverse video.</summary>
    public string Highlight(string message)
    {
        foreach (var expression in highlight)
        {
            try
            {
                message = expression.Replace(message, match => match.Length == 0 ? "" : $"\e[7m{match.Value}\e[27m");
            }
            catch (RegexMatchTimeoutException)
            {
                // Not highlighted: the line itself matters more.
            }
        }

        return message;
    }

    private static bool Any(Regex[] expressions, string message)
    {
        foreach (var expression in expressions)
        {
            try
            {
                if (expression.IsMatch(message))
                {
                    return true;
                }
            }
            catch (RegexMatchTimeoutException)
            {
                // Undecided within the time counts as no match.
            }
        }

        return false;
    }
}
