using System.Collections.Frozen;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The functions of one value each.</summary>
internal static class InstantFunctions
{
    // Prometheus' clock counts from 1 January of this year, whose calendar is that of the year 1, and wraps: no number of seconds is out of its range.
    private const long AbsoluteYear = -292_277_022_399;
    private const long UnixToAbsolute = 9_223_372_028_715_321_600;
    private const ulong SecondsOfEra = 146_097 * 86_400UL; // 400 years

    private static readonly FrozenDictionary<string, Func<double, double>> All = new Dictionary<string, Func<double, double>>
    {
        ["abs"] = Math.Abs,
        ["acos"] = Math.Acos,
        ["acosh"] = Math.Acosh,
        ["asin"] = Math.Asin,
        ["asinh"] = Math.Asinh,
        ["atan"] = Math.Atan,
        ["atanh"] = Math.Atanh,
        ["ceil"] = Math.Ceiling,
        ["cos"] = Math.Cos,
        ["cosh"] = Math.Cosh,
        ["deg"] = static v => v * 180 / Math.PI,
        ["exp"] = Math.Exp,
        ["floor"] = Math.Floor,
        ["ln"] = Math.Log,
        ["log10"] = Math.Log10,
        ["log2"] = Math.Log2,
        ["rad"] = static v => v * Math.PI / 180,
        ["sgn"] = static v => v < 0 ? -1 : v > 0 ? 1 : v,
        ["sin"] = Math.Sin,
        ["sinh"] = Math.Sinh,
        ["sqrt"] = Math.Sqrt,
        ["tan"] = Math.Tan,
        ["tanh"] = Math.Tanh,
        ["day_of_month"] = static v => Date(v).Day,
        ["day_of_week"] = static v => (int)Date(v).DayOfWeek,
        ["day_of_year"] = static v => Date(v).DayOfYear,
        ["days_in_month"] = static v => DateTime.DaysInMonth(Date(v).Year, Date(v).Month),
        ["hour"] = static v => Absolute(v) % 86_400 / 3600,
        ["minute"] = static v => Absolute(v) % 3600 / 60,
        ["month"] = static v => Date(v).Month,
        ["year"] = static v => AbsoluteYear + (400 * (long)(Absolute(v) / SecondsOfEra)) + Date(v).Year - 1,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Func<double, double>? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>To the nearest multiple; ties go up.</summary>
    public static double Round(double value, double nearest)
    {
        var inverse = 1 / nearest; // multiplying by it is more exact than dividing
        return Math.Floor((value * inverse) + 0.5) / inverse;
    }

    private static ulong Absolute(double value)
    {
        var seconds = value is >= long.MinValue and < -(double)long.MinValue ? (long)value : long.MinValue; // as amd64 converts what does not fit
        return unchecked((ulong)(seconds + UnixToAbsolute));
    }

    /// <summary>Month and day; the year is that within the era.</summary>
    private static DateTime Date(double value) => DateTime.MinValue.AddDays(Absolute(value) % SecondsOfEra / 86_400);
}
