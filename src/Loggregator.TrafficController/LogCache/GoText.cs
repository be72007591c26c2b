using System.Globalization;
using System.Text;

namespace Loggregator.TrafficController.LogCache;

/// <summary>Texts as the original's language writes them into its messages.</summary>
internal static class GoText
{
    /// <summary>In double quotes, what cannot be printed escaped.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var letter in text)
        {
            quoted.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}"),
                _ => letter.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
