using System.Globalization;

namespace Loggregator.Terminal;

/// <summary>Numbers of metrics: as Prometheus' API writes them, and so that people read them well.</summary>
internal static class NumberText
{
    private const int Digits = 6;
    private const double Smallest = 1e-4, Largest = 1e15; // between them no exponent is needed, and whole numbers are exact

    /// <summary>Reads a number; <c>NaN</c>, <c>+Inf</c> and <c>-Inf</c> are some.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static double Parse(string text) => text switch
    {
        "NaN" => double.NaN,
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    /// <summary>All digits that the number has.</summary>
    public static string Exact(double value) => Word(value) ?? value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Six significant digits, and never less than all whole ones.</summary>
    public static string Readable(double value)
    {
        if (Word(value) is { } word)
        {
            return word;
        }

        var size = Math.Abs(value);
        if (size is not 0 and (< Smallest or >= Largest))
        {
            return value.ToString("0.#####e+00", CultureInfo.InvariantCulture);
        }

        var whole = size < 1 ? 1 : (int)Math.Floor(Math.Log10(size)) + 1;
        var zeros = size is 0 or >= 1 ? 0 : -(int)Math.Floor(Math.Log10(size)) - 1; // between the point and the first digit
        var text = value.ToString("F" + Math.Max(0, Digits - (size < 1 ? 0 : whole) + zeros).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    private static string? Word(double value) =>
        double.IsFinite(value) ? null : double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
