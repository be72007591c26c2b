using System.Collections.Frozen;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The functions of one value each.</summary>
internal static class InstantFunctions
{
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
        ["day_of_week"] = static v => Modulo(Days(v) + 4, 7),
        ["day_of_year"] = static v => DayOfYear(v),
        ["days_in_month"] = static v => DaysInMonth(Date(v).Year, Date(v).Month),
        ["hour"] = static v => Modulo(Seconds(v), 86_400) / 3600,
        ["minute"] = static v => Modulo(Seconds(v), 3600) / 60,
        ["month"] = static v => Date(v).Month,
        ["year"] = static v => Date(v).Year,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Func<double, double>? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>To the nearest multiple; ties go up.</summary>
    public static double Round(double value, double nearest)
    {
        var inverse = 1 / nearest; // multiplying by it is more exact than dividing
        return Math.Floor((value * inverse) + 0.5) / inverse;
    }

    private static long Seconds(double value) => double.IsNaN(value) ? long.MinValue : (long)value;

    private static long Modulo(long value, long by) => ((value % by) + by) % by;

    private static long Days(double value) => Math.DivRem(Seconds(value), 86_400).Quotient - (Modulo(Seconds(value), 86_400) != 0 && Seconds(value) < 0 ? 1 : 0);

    /// <summary>The date in the proleptic Gregorian calendar, for any year: counted in eras of 400 years that begin on 1 March.</summary>
    private static (long Year, int Month, int Day) Date(double value)
    {
        var shifted = Days(value) + 719_468;
        var era = (shifted - Modulo(shifted, 146_097)) / 146_097;
        var dayOfEra = Modulo(shifted, 146_097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var month = ((5 * dayOfYear) + 2) / 153;
        var day = (int)(dayOfYear - (((153 * month) + 2) / 5) + 1);
        return (yearOfEra + (era * 400) + (month >= 10 ? 1 : 0), (int)(month < 10 ? month + 3 : month - 9), day);
    }

    private static bool IsLeap(long year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    private static int DaysInMonth(long year, int month) => month == 2 ? (IsLeap(year) ? 29 : 28) : month is 4 or 6 or 9 or 11 ? 30 : 31;

    private static double DayOfYear(double value)
    {
        var (year, month, day) = Date(value);
        return Enumerable.Range(1, month - 1).Sum(earlier => DaysInMonth(year, earlier)) + day;
    }
}
