"""The whole list of result codes (§Codes, mango-api 11.1) as data, in English and Russian.

One row a code: ``code | English | Russian``. A star marks the codes the
document names as a class or a subclass; only those stand for unknown
neighbours. 1300 and 5219 repeat the texts of 1100 and 5208 in the document
itself (T-46), 2000 has no text there and is named by its class.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """What a code means; ``is_class`` tells whether it speaks for unknown neighbours."""

    english: str
    russian: str
    is_class: bool


_ROWS: Final = """
1000* | done | выполнено
1001 | done with a remark | выполнено с замечанием
1100* | the call ended normally | вызов завершён в нормальном режиме
1110* | ended by the caller | вызов завершён вызывающим абонентом
1111 | no answer within the waiting time | нет ответа в течение времени ожидания
1120* | ended by the called party | вызов завершён вызываемым абонентом
1121 | the remote side is busy | абонент занят
1122 | rejected by the called party | вызов отклонён вызываемым абонентом
1123 | the called party signals "do not disturb" | получен сигнал «не беспокоить»
1124 | the called party has the status "do not disturb" | у абонента статус «Не беспокоить»
1125 | the operator stopped the dialling task | оператор остановил задачу исходящего обзвона
1130* | restrictions for the called number | ограничения для вызываемого номера
1131 | the called number is unavailable | вызываемый номер недоступен
1132 | the called number is not served | вызываемый номер не обслуживается
1133 | the called number does not exist | вызываемый номер не существует
1134 | too many forwardings | превышено максимальное число переадресаций
1135 | forwarding is forbidden | переадресация запрещена
1140* | calls to this region are forbidden by the PBX settings | \
звонки в этот регион запрещены настройками ВАТС
1150* | restrictions for the calling number | ограничения для вызывающего номера
1151 | the calling number is in the black list | вызывающий номер в чёрном списке
1152 | the calling number is not in the white list | вызывающего номера нет в белом списке
1160* | the call to the group failed | не удалось дозвониться до группы
1161 | queueing is forbidden by the PBX settings | удержание в очереди запрещено настройками ВАТС
1162 | the queue is full | очередь удержания переполнена
1163 | waited too long in the queue | превышено время ожидания в очереди
1164 | all operators are unavailable now | все операторы сейчас недоступны
1170* | ended by the forwarding scheme | вызов завершён по схеме переадресации
1171 | the forwarding scheme is set up wrongly | схема переадресации настроена неверно
1180* | ended by a user's command | вызов завершён по команде пользователя
1181 | ended by a command of the external system | вызов завершён по команде внешней системы
1182 | taken over by another operator | вызов перехвачен другим оператором
1183 | a new operator was assigned | назначен новый оператор
1190* | the called number is inactive or outside its schedule | \
вызываемый номер неактивен или вне расписания
1191 | the called number is switched off in the personal account | \
вызываемый номер выключен в личном кабинете
1192 | the called number is inactive by schedule | вызываемый номер неактивен по расписанию
1193 | the called number is talking and rejects calls meanwhile | \
абонент разговаривает, включён автоотбой
1200* | contact centre session error | ошибка сессии Контакт-центра
1201 | connection limit reached | достигнут предел подключений
1202 | session data not found | данные сессии не найдены
1210* | the contact centre server accepts no connection | сервер Контакт-центра не даёт подключиться
1211 | maintenance mode | режим технического обслуживания
1212 | the server has lost its database | сервер отключён от базы данных
1230* | the session ended for reasons beyond the user | сессия завершена по независящим причинам
1231 | the contact centre server restarts | перезапуск сервера Контакт-центра
1232 | the session was ended by an administrator | сессия завершена администратором
1233 | ended by an administrator, connect again | завершена администратором, подключитесь снова
1234 | ended by an administrator, stay offline | завершена администратором, не подключайтесь
1235 | the server lost its database | сервер потерял связь с базой данных
1236 | login, password or number of the session changed | изменились логин, пароль или номер сессии
1300* | the call ended normally | вызов завершён в нормальном режиме
1310* | an answering machine on the remote side | автоответчик на удалённой стороне
1311 | answering machine: the subscriber is unavailable | автоответчик: абонент недоступен
1312 | answering machine: the subscriber is busy | автоответчик: абонент занят
1313 | answering machine: voice mail | автоответчик: голосовая почта
1314 | answering machine: detection timed out | автоответчик: время распознавания истекло
2000* | restricted by billing | ограничение биллинга
2100* | no access to the account | нет доступа к лицевому счёту
2110* | the account is blocked | лицевой счёт заблокирован
2120* | the account is closed | лицевой счёт закрыт
2130* | the account is not served (frozen) | лицевой счёт не обслуживается (заморожен)
2140* | the account is invalid | лицевой счёт недействителен
2200* | access to the account is limited | доступ к лицевому счёту ограничен
2210* | access is limited by the period of use | доступ ограничен по периоду использования
2211 | daily limit reached | достигнут дневной лимит
2212 | monthly limit reached | достигнут месячный лимит
2220* | too many simultaneous calls or actions | ограничено число одновременных вызовов или действий
2230* | the service is unavailable | услуга недоступна
2240* | not enough money | недостаточно средств
2250* | limit on the number of uses | исчерпано число использований по тарифу
2251 | the tariff allows no more IVR schemes | достигнут предел схем IVR по тарифу
2252 | more schedules than licences | расписаний больше, чем лицензий
2253 | no space left in the screen service | закончилось место в сервисе записи экранов
2300* | the destination is blocked | направление заблокировано
2400* | billing error | ошибка биллинга
3000* | wrong request | неверный запрос
3100* | wrong command parameters | переданы неверные параметры команды
3101 | a method other than POST | запрос отправлен не методом POST
3102 | the signature does not match | подпись не совпадает с вычисленной
3103 | a required parameter is missing | отсутствует обязательный параметр
3104 | a parameter has the wrong format | параметр передан в неверном формате
3105 | wrong access key | неверный ключ доступа
3106 | the value is already in use | значение уже используется
3107 | invalid quantity or attribute | передано неверное количество или атрибут
3108 | the value is too small | значение меньше допустимого
3109 | the value is too great | значение больше допустимого
3110 | the field and its confirmation differ | значение и его подтверждение не совпадают
3111 | the dates "from" and "to" are wrong | неверные даты «с» и «по»
3112 | invalid e-mail, use name@domain | неверный e-mail, нужен вид имя@домен
3113 | invalid host name of the e-mail | неверное имя хоста в e-mail
3114 | the e-mail host has no valid MX record | у хоста e-mail нет действующей записи MX
3115 | the e-mail host is in no routable network | хост e-mail вне маршрутизируемой сети
3116 | the e-mail has forbidden characters | в e-mail недопустимые символы
3117 | the e-mail is not a quoted string | e-mail не в формате quoted-string
3118 | the e-mail has an invalid name | неверное имя в e-mail
3119 | the e-mail is too long | слишком длинный e-mail
3120 | password: 8 characters or more, small and capital Latin letters and digits | \
пароль: от 8 символов, строчные и прописные латинские буквы и цифры
3121 | wrong SIP login | неверный логин SIP
3122 | wrong SIP domain | неверный домен SIP
3123 | give only one of the parameters | укажите только один из параметров
3124 | the line cannot be an outgoing number | линия не подходит как исходящий номер
3125 | the listed parameters are needed together | указанные параметры нужны вместе
3126 | loop in the IVR scheme | схема IVR зациклена
3127 | invalid auth_token | неверный auth_token
3128 | invalid URL | неверный URL
3129 | wrong number of audio channels | неверное число звуковых каналов
3130 | unknown error of a password change | неизвестная ошибка при смене пароля
3131 | the password has forbidden characters | в пароле недопустимые символы
3132 | the password lacks required characters | в пароле нет обязательных символов
3133 | the password was used before | такой пароль уже использовался
3134 | the password is in the list of weak ones | пароль в списке слабых
3135 | give one of the parameters | укажите один из параметров
3136 | wrong number format | неверный формат номера
3137 | the password was changed recently, try later | пароль недавно менялся, повторите позже
3200* | wrong subscriber number | неверный номер абонента
3300* | the object does not exist | объект не существует
3310* | the call was not found | вызов не найден
3320* | the recording was not found | запись разговора не найдена
3330* | the PBX or employee has no such number | номер не найден у ВАТС или сотрудника
3340* | the file was not found | файл не найден
3400* | malformed JSON sent to the PBX | в ВАТС передан некорректный JSON
3503* | the search request is too big | слишком большой поисковый запрос
4000* | the action cannot be performed | действие невозможно выполнить
4001 | the command is not supported | команда не поддерживается
4002 | the recording is too short and will not be stored | \
запись короче минимальной, храниться не будет
4100* | impossible by the logic of the PBX | действие невозможно по логике работы ВАТС
4101 | the call has ended or does not exist | вызов завершён или не существует
4102 | the recording is already in progress | запись уже идёт
4104 | too many forwardings | слишком много переадресаций
4200* | the subscriber cannot be reached now | сейчас связаться с абонентом невозможно
4290 | too many requests | слишком много запросов
4300* | the SMS was not sent | SMS не отправлено
4301 | the SMS expired | срок доставки SMS истёк
4391 | the SMS was lost by the other operator | SMS потеряно сторонним оператором
4392 | the SMS was rejected by the other operator | SMS отклонено сторонним оператором
4393 | the SMS was cancelled by the other operator | SMS отменено сторонним оператором
4400* | the participant cannot be added to the conference | \
участника невозможно добавить в конференцию
4401 | hardware error | аппаратная ошибка
4402 | the service is unavailable | сервис недоступен
4403 | not enough resources | недостаточно ресурсов
4404 | too many conference participants | достигнут предел участников конференции
4405 | forbidden by the conference room settings | запрещено настройками комнаты конференции
4500* | restrictions of the security system | ограничения системы безопасности
4501 | the frequency of calls is limited | частота вызовов ограничена
4502 | the calling number is in the black list | вызывающий номер в чёрном списке входящих
4503 | the file is too big | превышен максимальный размер файла
4504 | the file size could not be determined | не удалось определить размер файла
4505 | the file format is not allowed | недопустимый формат файла
4506 | the call does not match the security profile | вызов не соответствует профилю безопасности
4507 | the subscriber is blocked | абонент заблокирован
5000* | server error | ошибка сервера
5001 | overload of the switch | перегрузка коммутатора
5002 | the switch restarts | перезапуск коммутатора
5003 | technical problem | техническая проблема
5004 | database access problem | проблема доступа к базе данных
5005 | forbidden in service mode | запрещено в режиме обслуживания
5006 | service access error | ошибка доступа к сервису
5007 | internal error of the remote side | внутренняя ошибка удалённой стороны
5008 | the service is unavailable | сервис недоступен
5009 | the service cannot be added | услугу невозможно подключить
5010 | not enough money to add the service | недостаточно средств для подключения услуги
5011 | a request inside the service timed out | истекло время ожидания ответа сервиса
5101 | no contact centre product | нет продукта «Контакт-центр»
5102 | too many active campaigns | достигнут предел активных кампаний
5103 | too many campaigns | достигнут предел кампаний
5104 | wrong combination of campaign parameters | неверное сочетание параметров кампании
5105 | the creator of the campaign does not exist | указанный создатель кампании не существует
5106 | the campaign's status does not allow this | статус кампании не позволяет это действие
5107 | more than 10,000 tasks in the campaign | более 10 000 задач в кампании
5108 | too many active tasks in the campaign | достигнут предел активных задач кампании
5109 | numbers repeat in the tasks | номера в задачах повторяются
5110 | error while starting the task | ошибка запуска задачи
5111 | the task's status does not allow this | статус задачи не позволяет это действие
5112 | too many campaigns without an operator | достигнут предел кампаний без оператора
5113 | too many active tasks in all campaigns | достигнут предел активных задач всех кампаний
5114 | too many campaigns with an operator | достигнут предел кампаний с оператором
5200 | the service ALLOW_GROUPS is not connected | услуга ALLOW_GROUPS не подключена
5201 | adding services by API is not allowed in the personal account | \
не включено «Разрешаю подключать услуги ВАТС средствами API конструктора»
5202 | the group or employee is used in a forwarding scheme | \
группа или сотрудник участвует в схеме переадресации
5203 | used in forwarding by client number | используется в переадресации по номеру клиента
5204 | used in a callback widget | используется в виджете обратного звонка
5205 | used in an outbound campaign | используется в кампании исходящего обзвона
5206 | the employee is used in the contact centre | сотрудник работает в Контакт-центре
5207 | the employee's number is used in the contact centre | \
номер сотрудника используется в Контакт-центре
5208 | the default number cannot be deleted | нельзя удалить номер по умолчанию
5209 | the ANI already exists | такой АОН уже есть
5210 | an administrator's account cannot be deleted | \
нельзя удалить учётную запись с правами администратора
5211 | no domain found for the new user | не найден домен для создания пользователя
5212 | no active numbers, give at least one | нет активных номеров, нужен хотя бы один
5213 | the SIP account is already an external number | \
учётная запись SIP уже используется как внешний номер
5214 | the number cannot be deleted | номер нельзя удалить
5215 | a general SIP account cannot be an employee's number | \
общая учётная запись SIP не может быть номером сотрудника
5216 | this is the only active number of its owner | это единственный активный номер владельца
5217 | the widgets cannot be read | не удалось получить виджеты
5218 | not all numbers of an employee may be deleted | нельзя удалить все номера сотрудника
5219 | the default number cannot be deleted | нельзя удалить номер по умолчанию
5220 | the main number of another employee cannot be taken | \
основной номер сотрудника нельзя передать другому
5221 | BW_LIST is not connected, or the PBX allows no more employees | \
услуга BW_LIST не подключена или достигнут предел сотрудников версии ВАТС
5222 | 20,000 numbers in the black and white lists | предел 20 000 номеров в чёрных и белых списках
5223 | used in forwarding by region | используется в переадресации по региону
5224 | the ANI ROUTING rule cannot be deleted | правило ANI ROUTING нельзя удалить
5225 | the service ANI_ROUTING is not connected | услуга ANI_ROUTING не подключена
5226 | no number given to transfer calls to | не указан номер для перевода вызовов
5227 | used in an auto-secretary rule | используется в правиле автосекретаря
5228 | too many employees | достигнут предел сотрудников
5300 | the service API_CONNECT is not connected | услуга API_CONNECT не подключена
5301 | the source type is not vpbx | тип источника не vpbx
5302 | robot employees cannot be created or deleted | нельзя создать или удалить робота-сотрудника
6000* | the fax was not delivered | факс не доставлен
6010* | technical problem of the fax service | техническая проблема службы факсов
6011 | the number was unavailable for an hour | номер был недоступен в течение часа
6012 | the number does not exist | номер не существует
6013 | no fax machine at this number | на этом номере нет факса
6014 | the recipient refused the fax | получатель отказался принять факс
6100* | error converting the fax | ошибка преобразования факса
6101 | the source file is larger than 10 MB | исходный файл больше 10 МБ
6102 | more than 30 pages | более 30 страниц
"""


def _read(text: str) -> dict[int, Meaning]:
    table: dict[int, Meaning] = {}
    for row in text.strip().splitlines():
        code, english, russian = (cell.strip() for cell in row.split("|"))
        table[int(code.rstrip("*"))] = Meaning(english, russian, code.endswith("*"))
    return table


MEANINGS: Final = _read(_ROWS)
